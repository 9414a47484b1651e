"""What commands show: progress, reports, and JSON for programs."""
