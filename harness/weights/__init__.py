"""Published weights of backbones and of a metric: what is here, downloading, importing."""
