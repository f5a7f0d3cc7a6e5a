# The daily commands. Each is a thin call: what it does stands in scripts/ or in the tool's own settings.

.PHONY: help run test tour simulate bench-login bench-sync dev fmt lint bindings clean
.DEFAULT_GOAL := help

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 13

run: ## set up, build and open the console; without a display, play the tour
	@scripts/run

test: ## the whole suite with its own set-up
	@scripts/test

tour: ## play the journey in a virtual screen, one picture per step in target/tour/
	@scripts/tour

simulate: ## consoles and a backend through every fault, 2,000 times, and bugs planted to be found
	@scripts/simulate

bench-login: ## logins per second beside the ceiling of this machine
	@scripts/bench-login

bench-sync: ## first load, search, lists and pushes at a million users
	@scripts/bench-sync

dev: ## the console with the interface reloading as it is edited
	@scripts/setup
	@scripts/build-ui
	npm --prefix ui run tauri -- dev

fmt: ## format everything
	cargo fmt --all
	npm --prefix ui run --silent fmt

lint: ## the quick checks: clippy, the interface's linter, the dependency rules
	cargo clippy --workspace --all-targets -- -D warnings
	npm --prefix ui run --silent lint
	@scripts/check-dependencies

bindings: ## write the interface's types anew from Rust
	YAOPAI_WRITE_BINDINGS=1 cargo test --quiet --package yaopai --test it bindings

clean: ## remove what was built
	cargo clean
	rm -rf ui/dist ui/node_modules gen target
