"""The work of each job: inpainting training, classifier training, encoding, filling holes, explaining."""
