"""Running stages: the plan, the packs, the store and the runners."""
