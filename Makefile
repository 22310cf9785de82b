# Hedgerow's commands; `make` alone lists them. They need Go, Node 20 or later (with npm), make and git. Everything else is installed when
# it is needed, into this folder, except for the browsers and the proxies of some tests, which come from the system (.ci/chromium.sh,
# .ci/firefox.sh, .ci/webkit.sh, .ci/proxy.sh).

SHELL := /bin/bash
# .ci/run sets TIMES, to measure how long each part takes.
ifdef TIMES
SHELL := .ci/timed-shell.sh
.SHELLFLAGS = --part=$@ -c
endif
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

PORT ?= 8080
TLS_PORT ?= 8443
EVENTS ?= 10000000
SEED ?= 1
FUZZTIME ?= 10s
