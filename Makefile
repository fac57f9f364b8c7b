# Everything needs only make and a Python 3.11 or newer; the rest is installed into .venv.
PYTHON_ENV := .venv/bin/python
COVERAGE_AT_LEAST := 90
# A test file at a time on each core; ARGS="-n 0" runs one test after the other.
PARALLEL := -n auto --maxprocesses 4 --dist loadfile --max-worker-restart 0

.PHONY: run test check plug crash bench docs environment

# Start the server: make run, or make run ARGS="--port 9000 --open"
run:
	@sh scripts/setup.sh run
	@$(PYTHON_ENV) -m imagine serve $(ARGS)

# What CI runs: all checks, then all tests, those in the browser and behind a proxy too
test: check
	@sh scripts/browser.sh
	@sh scripts/nginx.sh
	@$(PYTHON_ENV) -m pytest $(PARALLEL) --cov --cov-fail-under=$(COVERAGE_AT_LEAST) $(ARGS)

check: environment
	$(PYTHON_ENV) -m ruff check .
	$(PYTHON_ENV) -m ruff format --check .
	$(PYTHON_ENV) -m mypy
	$(PYTHON_ENV) scripts/check_repository.py

# Kill server and engine at random moments, for long (docs/architecture.md)
plug: environment
	@PLUG_SEED=$(PLUG_SEED) PLUG_KILLS=$(or $(PLUG_KILLS),200) \
	PLUG_ENGINE_KILLS=$(or $(PLUG_ENGINE_KILLS),50) PLUG_BOTH_KILLS=$(or $(PLUG_BOTH_KILLS),20) \
	$(PYTHON_ENV) -m pytest tests/test_plug.py -n 0 \
	-o faulthandler_timeout=0 -o log_cli=true -o log_cli_level=INFO $(ARGS)

# Let the server die at so many lines of each of its lives (docs/architecture.md)
crash: environment
	@CRASH_SEED=$(CRASH_SEED) CRASH_POINTS=$(or $(CRASH_POINTS),50) \
	$(PYTHON_ENV) -m pytest tests/test_crash_points.py -n 0 \
	-o faulthandler_timeout=0 -o log_cli=true -o log_cli_level=INFO $(ARGS)

# Figures of this machine (docs/benchmarks.md): make bench, or make bench QUICK=1
bench: environment
	@$(PYTHON_ENV) -m bench $(if $(QUICK),--quick) $(ARGS)

# The generated part of docs/prompt-language.md, and its pictures
docs: environment
	@$(PYTHON_ENV) -m scripts.write_prompt_docs

environment:
	@sh scripts/setup.sh dev
