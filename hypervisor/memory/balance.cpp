#include "hypervisor/memory/balance.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace bh::memory {

namespace {

struct Share {
  QubeMemory const* qube;
  std::int64_t extra = 0;  // beyond what was promised
  std::int64_t room = 0;   // how much extra it can take at all
  std::int64_t need = 0;   // how much it is likely to use
};

std::int64_t mib(Mebibytes value) { return value.value(); }

// What a qube holds and a quarter more, so that one that grows is ahead of those that do not.
std::int64_t likely_need(QubeMemory const& qube) {
  constexpr std::int64_t kHeadroom = 128;
  std::int64_t const held = std::min(mib(qube.held), mib(qube.maximum));
  return std::clamp<std::int64_t>(held * 5 / 4 + kHeadroom, mib(qube.promised), mib(qube.maximum)) - mib(qube.promised);
}

// Fills each share up to its cap in proportion to its room, until nothing is left; returns what is.
template <class Cap>
std::int64_t pour(std::vector<Share>& shares, std::int64_t left, Cap cap) {
  for (bool poured = true; left > 0 && poured;) {
    poured = false;
    std::int64_t weights = 0;
    for (auto const& share : shares) weights += share.extra < cap(share) ? share.room : 0;
    if (weights == 0) break;
    std::int64_t const round = left;
    for (auto& share : shares) {
      if (share.extra >= cap(share)) continue;
      auto const part = std::min({cap(share) - share.extra, std::max<std::int64_t>(1, round * share.room / weights), left});
      share.extra += part;
      left -= part;
      poured = poured || part > 0;
    }
  }
  return left;
}

// What all qubes together may hold beyond their promises.
std::int64_t spare(HostMemory const& host, Pressure pressure, std::vector<QubeMemory> const& qubes, Mebibytes wanted) {
  std::int64_t growth = mib(host.available) - mib(dom0_reserve(host)) - mib(wanted);
  std::int64_t above = 0;
  for (auto const& qube : qubes) {
    growth += mib(qube.held) - std::max(mib(qube.promised), qube.balanced() ? 0 : mib(qube.held));
    if (qube.balanced()) above += std::max<std::int64_t>(0, mib(qube.held) - mib(qube.promised));
  }
  // Processes wait although the figures say there is enough: then they are not to be trusted, and a tenth of what was lent comes back.
  if (pressure != Pressure::none) growth = std::min(growth, above - std::max<std::int64_t>(above / 10, mib(kLeastChange)));
  return growth;
}

}  // namespace

Mebibytes dom0_reserve(HostMemory const& host) { return Mebibytes(std::min<std::uint32_t>(1024, host.total.value() / 8)); }

std::vector<BalloonTarget> balance(HostMemory const& host, Pressure pressure, std::vector<QubeMemory> const& qubes, Mebibytes wanted) {
  std::vector<Share> shares;
  for (auto const& qube : qubes) {
    if (qube.balanced()) shares.push_back({&qube, 0, mib(qube.maximum) - mib(qube.promised), likely_need(qube)});
  }
  std::int64_t left = pour(shares, spare(host, pressure, qubes, wanted), [](Share const& share) { return share.need; });
  pour(shares, left, [](Share const& share) { return share.room; });

  std::vector<BalloonTarget> targets;
  for (auto const& share : shares) {
    auto const& qube = *share.qube;
    auto const target = Mebibytes(static_cast<std::uint32_t>(mib(qube.promised) + share.extra));
    auto const change = std::abs(mib(target) - mib(qube.allowed));
    bool const at_an_end = target == qube.promised || target == qube.maximum;
    if (change >= mib(kLeastChange) || (at_an_end && change > 0)) targets.push_back({qube.name, target});
  }
  return targets;
}

}  // namespace bh::memory
