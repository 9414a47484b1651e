"""What the test images of a run can show: units of analysis, intervals, ranks."""
