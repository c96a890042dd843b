# What a day of work on koonj needs. `make` alone prints this list.

PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/pytest -q
PARALLEL := -n auto

.DEFAULT_GOAL := help
.PHONY: help setup test fast lint golden pictures patterns bench lock release

help: ## print this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-9s %s\n' "$$name" "$$text"; done

setup: ## make .venv, with everything that tests and checks need
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -r release/lock.txt
	$(BIN)/pip install -q -e '.[embedded,test,dev]'

test: ## run every test
	$(PYTEST) $(PARALLEL)

fast: ## run the tests that drive no screen and no terminal, and take less than a second each
	$(PYTEST) $(PARALLEL) -m 'not screen and not terminal and not slow'

lint: ## check style, format, types, and which package imports which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

golden: ## write the golden screens anew; read the difference before you commit it
	$(PYTEST) $(PARALLEL) tests/tui -k 'golden or pictures' --golden=write

pictures: ## draw the pictures in docs/ anew
	$(BIN)/python docs/screenshots.py

patterns: ## write docs/library.md anew, with what the files of koonj's own patterns lock
	PYTHONPATH=tests $(BIN)/python docs/library.py

lock: ## write release/lock.txt anew, with the packages that are installed in .venv
	$(BIN)/python release/lock_file.py

release: ## build dist/: the wheel, koonj.pyz and the self-contained files
	$(BIN)/python release/build.py

bench: ## list the benchmarks; `make bench NAME=lexer` runs benchmarks/lexer.py
ifdef NAME
	$(BIN)/python benchmarks/$(NAME).py $(ARGS)
else
	@for file in benchmarks/*.py; do \
		printf '  make bench NAME=%-9s %s\n' "$$(basename "$$file" .py)" "$$(sed -n '1s/^"*//p' "$$file")"; done
endif
