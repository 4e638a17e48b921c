# SPDX-License-Identifier: GPL-2.0-only
# Verbs. Each does its own set-up; `make help` tells the variables.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

SECMMU := tools/secmmu/secmmu
opt = $(if $(strip $($1)),--$2 '$(strip $($1))')

SOURCE := $(call opt,KERNEL_SRC,src) $(call opt,KERNEL_VERSION,kernel-version)
RUN := $(SOURCE) $(call opt,ARMS,arms)
JOBS_OPT := $(call opt,JOBS,jobs) $(call opt,CPUS,cpus) $(call opt,PIN,pin)
COMPARE := $(RUN) $(call opt,PLAN,plan) $(call opt,BOOTS,boots) $(call opt,ACCEL,accel) \
	$(call opt,LANE,lane) $(call opt,CLOCK,clock) $(call opt,SEED,seed) $(call opt,EVENTS,events) \
	$(call opt,MINUTES,minutes) $(call opt,BOOT,boot) $(call opt,RESUME,resume) $(JOBS_OPT) \
	$(call opt,PATCHES,prefix) $(call opt,CONTROL,control) $(if $(PERF),--perf) $(call opt,VMCORE,vmcore)

help:
	@sed -n 's/^#: \{0,1\}//p' $(firstword $(MAKEFILE_LIST))

#: make compare      build every arm, boot, measure, compare: a table and report.html
#: make check        all tests; the last line says how many passed
#: make kernel       source, series, one vmlinux, KVM's modules per arm
#: make debug        our selftests and the kernel's on kernels that check themselves
#: make controls     each planted bug of kvm-patches/controls/ built, booted, caught
#: make prefixes     every prefix of the series (FROM=0 TO=N) built, booted, tested
#:                   (JOBS= at a time)
#: make sites        every MMU notifier call site of the kernel: which were fired
#:                   on a guest's memory, by what, and by the kernel's own
#:                   selftests beside (UPSTREAM=0: not those; of a run: DIR=)
#: make vmm          QEMU with a Linux guest in every arm, its memory worked on
#: make soak         all events at random until MINUTES= (10) are over or one
#:                   fails: the line that it then prints repeats that boot
#: make upstream     the kernel's own KVM selftests in every arm, against stock
#: make selftests    build the KVM selftests; with NATIVE=1, run those of PLAN (events)
#:                   on this machine's own kernel, through its /dev/kvm
#: make shell        a shell in the booted kernel, with perf and the selftests
#: make report       the newest results (or DIR=) to summary.json and report.html again
#: make pathlen      instructions per event: of a new run with the icount clock, of
#:                   one there is (DIR=), or of two (A=OLD B=NEW) (THRESHOLD=0.01)
#: make bisect       the first patch of the series with which TEST=EVENT fails, or the
#:                   LENGTH=EVENT of a path has changed (THRESHOLD=0.01); or the
#:                   first commit: KERNEL_SRC=DIR GOOD=REV BAD=REV (ARM= RUNS= LANE=)
#: make export       the newest results (or DIR=) as CSV (or FORMAT=json)
#: make compare-runs two runs beside each other: A=DIR B=DIR (MARGIN=0.01)
#: make tree         the series as a git tree to work on (or in DIR=)
#: make patches      the commits of that tree back into kvm-patches/
#: make lint         checkpatch on series and C, cppcheck, gcc -fanalyzer; every prefix of the
#:                   series with W=1, sparse and kernel-doc (once: some minutes)
#: make cross        KVM and mm of arm64 and riscv, compiled with each type of mmu_lock
#:                   they offer (needs Debian's cross compilers; says so); or those of
#:                   ARCHS="loongarch mips powerpc s390", with the lock they have
#: make check-fresh  `make check` (or WHAT=compare) in a bare Debian 12
#: make doctor       what this machine can and cannot do, and what to install
#: make clean        what was built here; the cache stays: make kernel tells where it is
#:
#: Variables, for the verbs they make sense for:
#:   KERNEL_SRC=DIR|TARBALL   a kernel 6.12 of your own; never changed
#:   KERNEL_VERSION=6.12.N    a point release of the distribution's package
#:   ARMS="spinlock mutex"    some of configs/arms.ini; ARM=NAME for make shell
#:   LANE=NAME                a kernel with other options (configs/lanes.ini);
#:                            LANES="debug kasan kcsan preempt rt" for make debug
#:   PLAN=NAME|FILE BOOTS=N EVENTS="..." SEED=N MINUTES=N BOOT=N
#:   RESUME=DIR               go on with an interrupted run, with the options it had
#:   ACCEL=auto|kvm|tcg CLOCK=auto|wall|icount
#:   JOBS=N CPUS=N            boots at a time; CPUs of a guest
#:   PIN=auto|yes|no          each vCPU to a CPU of the machine
#:   PATCHES=N                only the first N patches of the series
#:   PERF=1                   make compare keeps a perf.data per boot and test
#:   VMCORE=1                 and the memory of a guest that panics or hangs
#:
#: tools/secmmu/secmmu VERB --help tells all options of a verb.

compare: tools
	@$(SECMMU) compare $(COMPARE)

check: tools
	@tools/setup.sh check vmm
	@tools/tests/check.sh

# All selftests, the busy ones, the kernel's own; whatever the one before found.
debug: tools
	@status=0; for lane in $(or $(LANES),debug); do for plan in events debug upstream; do \
		$(SECMMU) compare $(RUN) --plan $$plan --lane $$lane $(JOBS_OPT) || status=$$?; \
	done; done; exit $$status

cross:
	@tools/cross.sh $(ARCHS)

controls: tools
	@$(SECMMU) controls $(CONTROLS)

.PHONY: prefixes
prefixes: tools
	@JOBS=$(JOBS) tools/tests/prefixes.sh $(or $(FROM),0) $(TO)

soak: tools
	@$(SECMMU) compare $(if $(PLAN),,--plan soak) \
		$(if $(MINUTES)$(BOOTS)$(BOOT),,--minutes 10) $(COMPARE)

upstream: tools
	@$(SECMMU) compare $(RUN) --plan upstream $(call opt,LANE,lane) $(JOBS_OPT)

vmm: tools
	@tools/setup.sh vmm
	@$(SECMMU) compare $(RUN) --plan vmm $(call opt,LANE,lane) $(call opt,BOOTS,boots) $(JOBS_OPT)

# A run in which tests failed has its table as well; one that broke has none.
sites: tools
ifdef DIR
	@$(SECMMU) sites $(SOURCE) $(DIR)
else
	@status=0; beside=; \
		if [ "$(UPSTREAM)" != 0 ]; then \
			$(SECMMU) compare $(SOURCE) $(call opt,ACCEL,accel) --plan upstream-sites || status=$$?; \
			[ $$status -le 1 ] || exit $$status; \
			beside=$$(readlink -f results/latest); \
		fi; \
		status=0; $(SECMMU) compare $(if $(PLAN),,--plan events) $(COMPARE) || status=$$?; \
		[ $$status -le 1 ] || exit $$status; \
		$(SECMMU) sites $${beside:+--beside $$beside}; sites=$$?; \
		[ -z "$$beside" ] || $(SECMMU) report >/dev/null || exit 3; \
		[ $$sites -eq 0 ] && exit $$status; exit $$sites
endif

selftests: tools
	@$(SECMMU) selftests $(SOURCE) $(if $(NATIVE),--run) $(call opt,PLAN,plan) $(call opt,EVENTS,events)

kernel: tools
	@$(SECMMU) kernel $(RUN) $(call opt,LANE,lane)

shell: tools
	@$(SECMMU) shell $(SOURCE) $(call opt,ARM,arm) $(call opt,ACCEL,accel) $(call opt,CLOCK,clock)

report: tools
	@$(SECMMU) report $(or $(DIR),results/latest)

# Failed tests do not keep the paths of the boots that passed from being judged.
PATHLEN := $(call opt,THRESHOLD,threshold) $(call opt,ONLY,only)
.PHONY: pathlen
pathlen: tools
ifneq ($(A)$(B)$(DIR),)
	@$(SECMMU) pathlen $(PATHLEN) $(A) $(B) $(DIR)
else
	@status=0; $(SECMMU) compare $(if $(PLAN),,--plan pathlen) $(COMPARE) --clock icount || status=$$?; \
		[ $$status -le 1 ] || exit $$status; \
		$(SECMMU) pathlen $(PATHLEN) results/latest && exit $$status
endif

.PHONY: bisect
bisect: tools
	@$(SECMMU) bisect $(call opt,TEST,test) $(call opt,LENGTH,pathlen) \
		$(call opt,THRESHOLD,threshold) $(call opt,PLAN,plan) $(call opt,ARM,arm) \
		$(call opt,BOOTS,boots) $(call opt,RUNS,runs) $(call opt,RETRIES,retries) \
		$(call opt,GOOD,good) $(call opt,BAD,bad) $(SOURCE) $(call opt,LANE,lane) \
		$(call opt,ACCEL,accel) $(call opt,SEED,seed) $(if $(AGAIN),--again)

.PHONY: export
export: tools
	@$(SECMMU) export $(call opt,FORMAT,format) $(or $(DIR),results/latest)

.PHONY: compare-runs
compare-runs: tools
	@$(SECMMU) compare $(call opt,MARGIN,margin) $(foreach v,A B,$(or $($v),$(error \
		compare-runs: name two results folders: A=results/OLD B=results/NEW)))

tree: tools
	@$(SECMMU) patches --checkout $(SOURCE) $(DIR)

patches: tools
	@$(SECMMU) patches $(DIR)

lint: tools
	@tools/lint.sh
	@tools/lint-series.sh

check-fresh:
	@tools/check-fresh.sh $(WHAT)

# Nothing is installed: it says what would be.
.PHONY: doctor
doctor:
	@tools/doctor.sh $(SECMMU)

tools:
	@tools/setup.sh
	@$(MAKE) -C tools -s $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

clean:
	@$(MAKE) -C tools -s clean

.PHONY: help compare check debug controls cross sites soak upstream vmm selftests kernel shell report tree patches lint check-fresh tools clean
