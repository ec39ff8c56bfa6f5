# The commands of postern's makers. `make test` is the one that counts.
GO ?= go
FUZZTIME ?= 20s
# -count=1: a result from before the servers were installed must not count again.
# Packages run two at a time at most: each may start servers of its own.
TESTFLAGS ?= -count=1 -p 2 -timeout 60m
# The tests write databases that wait for the disk at each commit; memory is quicker
# where there is enough of it. Binaries are built on the disk all the same.
SHM := $(shell test -w /dev/shm && df -Pk /dev/shm | awk 'NR==2 && $$4 > 4000000 {print "/dev/shm"}')
TESTENV := POSTERN_REQUIRE_SERVERS=1 $(if $(SHM),GOTMPDIR=$${TMPDIR:-/tmp} TMPDIR=$(SHM))

.PHONY: all check deps test race fuzz bench build demo clean

all: check build

# check: what a reader need not look for.
check:
	@unformatted="$$(gofmt -l .)"; if [ -n "$$unformatted" ]; then echo "gofmt these files:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool -modfile=.ci/tools.mod staticcheck ./...
	$(GO) test ./cmd/postern -run 'Imports|TimeNow'

# deps: the servers the tests talk to, as Debian packages, never started.
deps:
	.ci/deps

# test: everything, with no suite left out.
test: deps check
	$(TESTENV) $(GO) test $(TESTFLAGS) ./...

race: export POSTERN_REQUIRE_SERVERS = 1
race: deps
	$(GO) test -race -p 1 -timeout 60m ./...

# fuzz: each target of each package for FUZZTIME, two at a time.
fuzz:
	GO="$(GO)" .ci/fuzz $(FUZZTIME)

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./...

build:
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/postern ./cmd/postern

demo:
	$(GO) run ./cmd/postern demo

clean:
	rm -rf bin
