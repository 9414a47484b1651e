# The base image of a backbone with a lock: the kit's, and the locked wheels. Build context: the folder backbones/.
# No step of the backbone runs here, because this build has a network: wheels run no code when they are installed.
ARG KIT
FROM ${KIT}
ARG NAME
COPY kit/install-lock ca-bundle.cr[t] /opt/patternbench/build/
COPY ${NAME}/requirements.lock /opt/patternbench/build/own.lock
RUN if [ -f /opt/patternbench/build/ca-bundle.crt ]; then export PIP_CERT=/opt/patternbench/build/ca-bundle.crt; fi \
    && PIP_ONLY_BINARY=:all: /opt/patternbench/build/install-lock python /opt/patternbench/build/own.lock
