// Whether a qube starts warm, from which snapshot, and what the machine that becomes the snapshot is told. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "dom0/core/model/inventory.h"

namespace bh::dom0 {

// What programs inside clones of snapshots call their qube: no real domain has this number (hypervisor/vchan/MUX.md, "Aliases").
inline constexpr std::uint16_t kAliasDomain = 32751;
// Where a prepared machine waits for its orders; that it listens there says: save me now.
inline constexpr std::uint16_t kPersonalPort = 511;

// Features, looked up in the qube, its template, and the template's template.
inline constexpr char const* kWarmPrograms = "warm-programs";    // desktop names or commands to be running in the snapshot
inline constexpr char const* kWarmPerLabel = "warm-per-label";   // set: no clone of another label shares this snapshot
inline constexpr char const* kVault = "vault";                   // set on the qube itself: starts cold unless it says otherwise

struct WarmWish {
  bool warm = false;
  std::string why_not;   // for people; empty if warm
  std::string programs;  // as the guest is told
  std::string tag;       // what of the qube makes its snapshot another than that of its siblings
};
[[nodiscard]] WarmWish warm_wish(Inventory const& inventory, Qube const& qube);

// guest.env of the machine that is prepared for a qube like this one, under the domain number it has while it is prepared.
[[nodiscard]] std::string preparation_environment(Inventory const& inventory, Qube const& like, WarmWish const& wish, DomainId domain, std::int64_t now);

// The value of the first of qube, template and its template that has the feature; empty if none has.
[[nodiscard]] std::string inherited_feature(Inventory const& inventory, Qube const& qube, char const* name);

}  // namespace bh::dom0
