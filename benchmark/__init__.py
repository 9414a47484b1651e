"""The science of patternbench: arrays in, numbers out. Knows no engine, no network, no model."""
