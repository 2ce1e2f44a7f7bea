"""Knowledge releases: catalogue, build, manifest, diff, and reading one."""
