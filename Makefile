# Build caches live outside the checkout, so that a fresh clone does not build the world again.
export CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kedge/target

# Checkouts share that folder, and cargo tells their packages apart by time stamps alone: what another checkout built
# there would pass for ours. So a change of checkout forgets the workspace's own packages; its dependencies stay.
FORGOTTEN := $(shell mkdir -p "$(CARGO_TARGET_DIR)" && cd "$(CARGO_TARGET_DIR)" && \
	if [ "$$(cat checkout 2>/dev/null)" != "$(CURDIR)" ]; then \
		rm -rf */.fingerprint/kedge* */.fingerprint/xtask* judges/*/.fingerprint/kedge* miri/*/*/*/.fingerprint/kedge* fuzz/*/*/.fingerprint/kedge*; echo "$(CURDIR)" > checkout; fi)

XTASK = cargo run --quiet --locked --package xtask --

.PHONY: help program idl client demo exit sim keeper test validator e2e load fuzz reference miri mutants bench lint clean

help: ; @echo "make program | demo | exit | sim | keeper | test | validator | e2e | load | fuzz | reference | miri | mutants | bench | lint | idl | client | clean      (make demo ARGS='--help' for its flags)"
program: ; @$(XTASK) program
idl: ; @$(XTASK) idl
client: ; @$(XTASK) client $(ARGS)
demo: ; @echo 'preparing (the first time some seconds)'; $(XTASK) demo $(ARGS)
exit: ; @$(XTASK) exit
sim: ; @$(XTASK) sim $(ARGS)
keeper: ; @$(XTASK) keeper
test: ; @$(XTASK) test $(ARGS)
validator: ; @$(XTASK) validator $(ARGS)
e2e: ; @$(XTASK) e2e $(ARGS)
load: ; @$(XTASK) e2e load $(ARGS)
fuzz: ; @$(XTASK) fuzz $(ARGS)
reference: ; @$(XTASK) reference $(ARGS)
miri: ; @$(XTASK) miri $(ARGS)
mutants: ; @$(XTASK) mutants $(ARGS)
bench: ; @$(XTASK) bench $(ARGS)
lint: ; @$(XTASK) lint
clean: ; cargo clean; rm -rf target
