#include "hypervisor/memory/admission.h"

#include <algorithm>
#include <cstdint>

#include "hypervisor/memory/balance.h"

namespace bh::memory {

namespace {

std::int64_t mib(Mebibytes value) { return value.value(); }

std::string in_mib(std::int64_t value) { return std::to_string(value) + " MiB"; }

// What a qube has a right to: what it holds, or more if it was promised more.
std::int64_t claim(QubeMemory const& qube) { return std::max(mib(qube.held), mib(qube.promised)); }

std::string account(std::string const& name, Mebibytes promised, HostMemory const& host, std::vector<QubeMemory> running, std::int64_t can_give) {
  std::sort(running.begin(), running.end(), [](auto const& a, auto const& b) { return claim(a) != claim(b) ? claim(a) > claim(b) : a.name < b.name; });
  std::int64_t held = 0;
  std::string qubes;
  for (std::size_t i = 0; i < running.size(); ++i) {
    constexpr std::size_t kNamed = 8;
    held += mib(running[i].held);
    if (i == kNamed) qubes += ", and " + std::to_string(running.size() - kNamed) + " more";
    if (i >= kNamed) continue;
    qubes += (qubes.empty() ? "" : ", ") + running[i].name + " " + in_mib(mib(running[i].held)) + " of " + in_mib(mib(running[i].promised)) + " promised";
  }
  std::int64_t const others = std::max<std::int64_t>(0, mib(host.total) - mib(host.available) - held);
  return "not enough memory to start " + name + ": it needs " + in_mib(mib(promised) + mib(kMachineOverhead)) + " (" + in_mib(mib(kMachineOverhead)) +
         " of it for its machine), and " + in_mib(std::max<std::int64_t>(0, can_give)) + " can be given. Of the host's " + in_mib(mib(host.total)) + ", dom0 and its programs use " +
         in_mib(others) + ", " + in_mib(mib(dom0_reserve(host))) + " are kept free for them, and qubes hold " + in_mib(held) + (qubes.empty() ? "" : ": " + qubes) +
         ". Shut down a qube, or lower the memory of this one";
}

}  // namespace

Admission admit(std::string const& name, Mebibytes promised, HostMemory const& host, std::vector<QubeMemory> const& running) {
  std::int64_t now = mib(host.available) - mib(dom0_reserve(host));
  std::int64_t lent = 0;
  for (auto const& qube : running) {
    now -= std::max<std::int64_t>(0, mib(qube.promised) - mib(qube.held));
    if (qube.balanced()) lent += std::max<std::int64_t>(0, mib(qube.held) - mib(qube.promised));
  }
  auto const wanted = Mebibytes(promised.value() + kMachineOverhead.value());
  if (mib(wanted) <= now) return Admitted{};
  if (mib(wanted) <= now + lent) return AfterReclaim{wanted};
  return Refused{account(name, promised, host, running, now + lent)};
}

}  // namespace bh::memory
