#include "hypervisor/qemu/snapshot_key.h"

#include <sys/stat.h>
#include <sys/utsname.h>

#include <array>

#include "base/posix_io.h"
#include "hypervisor/jail/program_files.h"
#include "hypervisor/qemu/argv.h"
#include "hypervisor/qemu/content_hash.h"
#include "hypervisor/qemu/file_fingerprint.h"

namespace bh::qemu {

using namespace machine;

namespace {

constexpr char const* kFormat = "bulkhead-snapshot 1";
constexpr std::size_t kMaxCpuinfo = std::size_t{8} << 20;

// Each part with its length, so that no two lists of parts make one text.
class KeyText {
 public:
  KeyText& add(std::string_view part) {
    text_ += std::to_string(part.size()) + ':';
    text_ += part;
    return *this;
  }
  KeyText& add(std::uint64_t number) { return add(std::to_string(number)); }
  [[nodiscard]] std::string hash() const { return text_hash(text_); }

 private:
  std::string text_;
};

// Which file it is and since when. Its content is the template's business, whose hash is a part of the key too.
Result<void> add_file(KeyText& key, std::filesystem::path const& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return Failure{Error::from_errno("look at " + path.string())};
  key.add(status.st_dev).add(status.st_ino).add(static_cast<std::uint64_t>(status.st_size));
  key.add(static_cast<std::uint64_t>(status.st_mtim.tv_sec)).add(static_cast<std::uint64_t>(status.st_mtim.tv_nsec));
  return {};
}

// What the first processor is: a state that was saved with features that another lacks would crash its guest.
Result<std::string> processor(std::filesystem::path const& cpuinfo) {
  BH_TRY(text, read_file(cpuinfo, kMaxCpuinfo));
  std::string facts;
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view const line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (line.empty()) break;
    for (std::string_view const wanted : {"vendor_id", "cpu family", "model", "stepping", "microcode", "flags", "Features"}) {
      if (line.starts_with(wanted)) (facts += line) += '\n';
    }
  }
  return facts;
}

// What the machine is made of, without what is a clone's own.
MachineSpec without_own_things(MachineSpec spec) {
  spec.name = "snapshot";
  spec.uuid = "00000000-0000-4000-8000-000000000000";
  if (spec.tsc) spec.tsc = Kilohertz(1);
  spec.restore_from.reset();
  return spec;
}

}  // namespace

Result<SnapshotKey> snapshot_key(MachineSpec const& spec, SnapshotFacts const& facts) {
  KeyText key;
  key.add(kFormat).add(facts.template_hash).add(facts.tag);
  for (auto const& word : argv(without_own_things(spec), "qemu")) key.add(word);
  BH_CHECK(add_file(key, spec.kernel));
  BH_CHECK(add_file(key, spec.initrd));
  if (spec.root_image) BH_CHECK(add_file(key, *spec.root_image));
  if (!facts.qemu_fingerprint) {
    BH_TRY(program, jail::find_program(facts.qemu));
    BH_TRY(fingerprint, file_fingerprint(program));
    key.add(fingerprint);
  } else {
    key.add(*facts.qemu_fingerprint);
  }
  BH_TRY(cpu, processor(facts.cpuinfo));
  key.add(cpu);
  utsname host{};
  if (::uname(&host) != 0) return Failure{Error::from_errno("ask for the host's kernel")};
  // KVM's part of the state is the host kernel's.
  if (spec.accel == Accel::kvm) key.add(host.release);
  return SnapshotKey{key.hash(), spec.tsc};
}

}  // namespace bh::qemu
