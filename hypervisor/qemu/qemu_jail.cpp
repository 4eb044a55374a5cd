#include "hypervisor/qemu/qemu_jail.h"

#include <sys/stat.h>

#include <cerrno>

#include "base/paths.h"
#include "hypervisor/qemu/file_fingerprint.h"

namespace bh::qemu {

using namespace jail;

namespace {

// /proc/self/fd/N is opened anew with the rights of whoever opens it.
Result<void> check_readable_by_others(std::vector<UniqueFd const*> const& files) {
  for (auto const* file : files) {
    struct stat status {};
    if (::fstat(file->borrow(), &status) != 0) return Failure{Error::from_errno("look at a machine's file")};
    if ((status.st_mode & S_IROTH) == 0) {
      return Failure{Error{"a kernel or initrd may not be read by others, so a jailed QEMU cannot read it: chmod o+r the template's files "
                           "(their folder keeps other users away)", EACCES}};
    }
  }
  return {};
}

bool open_to_all(char const* device) {
  struct stat status {};
  return ::stat(device, &status) == 0 && (status.st_mode & (S_IROTH | S_IWOTH)) == (S_IROTH | S_IWOTH);
}

Result<JailedProcess> start_bare(QemuStart const& start, std::filesystem::path const& program) {
  SpawnOptions options;
  options.argv = start.argv;
  options.argv[0] = program.string();
  options.fds = start.fds;
  options.working_directory = "/";
  options.new_session = true;
  options.die_with_parent = start.die_with_parent;
  BH_TRY(process, ChildProcess::spawn(options));
  return JailedProcess{std::move(process), StartFiles()};
}

}  // namespace

Result<JailPlan> QemuJail::plan(machine::Accel accel) const {
  if (options_.level == Level::none) return JailPlan{Level::none, std::nullopt, "asked for"};
  HostFacts const facts = read_host_facts();
  BH_TRY(plan, strongest_level(facts));
  if (accel == machine::Accel::kvm && plan.level == Level::subordinate && !open_to_all("/dev/kvm")) {
    plan = JailPlan{Level::same_uid, std::nullopt, plan.reason + "; /dev/kvm is for its group only, which no subordinate id can be in"};
  }
  if (!options_.level || *options_.level == plan.level) return plan;
  if (*options_.level == Level::same_uid) return JailPlan{Level::same_uid, std::nullopt, "asked for"};
  return Failure{Error{std::string("this host cannot build a jail of level ") + to_string(*options_.level) + ", only " + to_string(plan.level) +
                       (plan.reason.empty() ? "" : ": " + plan.reason), EPERM}};
}

Result<QemuFiles const*> QemuJail::files() {
  BH_TRY(program, find_program(options_.program));
  BH_TRY(fingerprint, file_fingerprint(program));
  // QEMU may be upgraded while we run, and its libraries with it.
  if (!files_ || fingerprint != fingerprint_) {
    BH_TRY(found, qemu_files(program));
    files_ = std::move(found);
    fingerprint_ = fingerprint;
  }
  return &*files_;
}

Result<JailSpec> QemuJail::spec_for(QemuStart const& start, JailPlan const& plan, QemuFiles const& files) const {
  bool const kvm = start.accel == machine::Accel::kvm;
  JailSpec spec;
  spec.level = plan.level;
  spec.subordinate = plan.subordinate;
  spec.files = kvm ? files.kvm : files.tcg;
  spec.profile = kvm ? Profile::qemu_kvm : Profile::qemu_tcg;
  spec.cgroup = start.cgroup;
  spec.log_refusals = options_.log_refusals;
  spec.die_with_parent = start.die_with_parent;
  if (kvm && plan.level == Level::own_uid) {
    struct stat device {};
    if (::stat("/dev/kvm", &device) != 0) return Failure{Error::from_errno("look at /dev/kvm")};
    spec.device_group = device.st_gid;
  }
  return spec;
}

Result<JailedProcess> QemuJail::start(QemuStart const& start) {
  BH_TRY(plan, this->plan(start.accel));
  if (plan.level == Level::none) {
    BH_TRY(program, find_program(options_.program));
    return start_bare(start, program);
  }
  BH_TRY(files, this->files());
  BH_TRY(spec, spec_for(start, plan, *files));
  if (spec.level != Level::same_uid) BH_CHECK(check_readable_by_others(start.reopened));
  JailedStart jailed;
  jailed.launcher = options_.launcher.empty() ? own_program_folder() / "bulkhead-jail" : options_.launcher;
  jailed.spec = std::move(spec);
  jailed.argv = start.argv;
  jailed.argv[0] = files->program.string();
  jailed.fds = start.fds;
  return start_jailed(jailed);
}

}  // namespace bh::qemu
