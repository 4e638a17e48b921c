# SPDX-License-Identifier: GPL-2.0-only
#
# Builds the secondary MMU tests, and only these, with the KVM selftests' own
# Makefile.  Lay this folder over tools/testing/selftests/kvm of a kernel tree,
# make the tree's user headers, and:
#
#   make -C SRC headers_install INSTALL_HDR_PATH=HDRS
#   mkdir -p OUT
#   make -C SRC/tools/testing/selftests/kvm -f secmmu.mk OUTPUT=OUT \
#           KHDR_INCLUDES="-isystem HDRS/include" LDFLAGS=-static
#
# HDRS and OUT are absolute paths.  The binaries are OUT/secmmu_*_test.

override TEST_PROGS_x86_64 :=
override TEST_GEN_PROGS_x86_64 := secmmu_mremap_test secmmu_thp_split_test secmmu_oom_test \
	secmmu_stats_test secmmu_fairness_test secmmu_protect_test secmmu_cow_test \
	secmmu_reclaim_test secmmu_migrate_test secmmu_uffd_test secmmu_ageing_test \
	secmmu_thp_test secmmu_ksm_test secmmu_hugetlb_test secmmu_file_test \
	secmmu_device_test secmmu_uprobe_test secmmu_vmm_test secmmu_dirty_test \
	secmmu_fault_test secmmu_overlap_test secmmu_contention_test secmmu_range_test \
	secmmu_release_test secmmu_giveway_test
override TEST_GEN_PROGS_EXTENDED_x86_64 :=

SECMMU_LIB := lib/secmmu.c lib/secmmu_calls.c lib/secmmu_counts.c lib/secmmu_guest.c lib/secmmu_main.c lib/secmmu_mem.c \
	      lib/secmmu_opts.c lib/secmmu_oracle.c lib/secmmu_sys.c lib/secmmu_uffd.c
SECMMU_LIB += lib/secmmu_contention.c lib/secmmu_contention_calls.c lib/secmmu_contention_figures.c \
	      lib/secmmu_suffix.c lib/secmmu_overlap.c
SECMMU_LIB += lib/secmmu_ageing.c lib/secmmu_ageing_damon.c lib/secmmu_ageing_host.c \
	      lib/secmmu_ageing_lru.c lib/secmmu_vmm_events.c lib/secmmu_vmm_ptrace.c lib/secmmu_zram.c
LIBKVM += $(SECMMU_LIB)

include Makefile

# The KVM library's own headers are not clean under -Wextra.
$(SECMMU_LIB:%.c=$(OUTPUT)/%.o) $(TEST_GEN_OBJ): CFLAGS += -Werror -Wextra \
	-Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers

$(OUTPUT)/lib/secmmu_guest.o: CFLAGS += -mgeneral-regs-only
