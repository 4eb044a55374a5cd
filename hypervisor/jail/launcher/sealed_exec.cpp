#include "hypervisor/jail/launcher/sealed_exec.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <random>

#include "base/seccomp_filter.h"
#include "hypervisor/jail/qemu_profile.h"

namespace bh::jail {

namespace {

// Memory at an address nobody can guess. The filter lets an exec pass only with its three pointers just there; the memory is gone with
// that exec. GUARD: a taken-over QEMU that would run something else: it would have to guess two addresses of 34 random bits each at once.
char* page_anywhere() {
  std::random_device any;
  for (int attempt = 0; attempt < 64; ++attempt) {
    std::uint64_t const page = (std::uint64_t{any()} << 32 | any()) & ((std::uint64_t{1} << 34) - 1);
    auto* const wanted = reinterpret_cast<void*>((page << 12) + (std::uint64_t{1} << 32));
    void* const got = ::mmap(wanted, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (got != MAP_FAILED) return static_cast<char*>(got);
  }
  return nullptr;
}

std::uint64_t address(void const* pointer) { return reinterpret_cast<std::uint64_t>(pointer); }

}  // namespace

Error exec_filtered(JailSpec const& spec, std::vector<std::string> const& argv) {
  constexpr std::size_t kMaxWords = 4096 / sizeof(char*) - 1;
  if (argv.empty() || argv[0].size() >= 4096 || argv.size() > kMaxWords) return Error{"the command to run is too long", E2BIG};
  char* const path = page_anywhere();
  char* const words_page = page_anywhere();
  if (path == nullptr || words_page == nullptr) return Error::from_errno("find memory for the command");
  std::memcpy(path, argv[0].c_str(), argv[0].size() + 1);
  auto* const words = reinterpret_cast<char const**>(words_page);
  for (std::size_t i = 0; i < argv.size(); ++i) words[i] = argv[i].c_str();
  words[argv.size()] = nullptr;
  char const* const environment[] = {nullptr};

  auto rules = rules_of(spec.profile);
  constexpr std::uint64_t kAll = ~std::uint64_t{0};
  rules.push_back({"execve", {{0, kAll, address(path)}, {1, kAll, address(words)}, {2, kAll, address(environment)}}});
  auto const filter = SeccompFilter::build(rules, Refusal::fails, spec.log_refusals);
  if (!filter) return filter.error();
  if (auto const loaded = filter->load(); !loaded) return loaded.error();
  ::execve(path, const_cast<char* const*>(words), const_cast<char* const*>(environment));
  return Error::from_errno("run " + argv[0]);
}

}  // namespace bh::jail
