# Build caches live outside the checkout, so that a fresh clone does not build the world again.
export CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kedge/target
XTASK = cargo run --quiet --package xtask --

.PHONY: help program idl client demo test fuzz bench lint clean

help: ; @echo "make program | demo | test | fuzz | bench | lint | idl | client | clean      (make demo ARGS='--help' for its flags)"
program: ; @$(XTASK) program
idl: ; @$(XTASK) idl
client: ; @$(XTASK) client $(ARGS)
demo: ; @$(XTASK) demo $(ARGS)
test: ; @$(XTASK) test $(ARGS)
fuzz: ; @$(XTASK) fuzz $(ARGS)
bench: ; @$(XTASK) bench $(ARGS)
lint: ; @$(XTASK) lint
clean: ; cargo clean; rm -rf target
