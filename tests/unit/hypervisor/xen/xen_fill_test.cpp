// What libxl itself makes of our configuration. Needs its library, not Xen.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hypervisor/xen/libxl_fill.h"
#include "tests/unit/hypervisor/xen/example_spec.h"

namespace bh::xen {
namespace {

using nlohmann::json;

// Everything of `ours` stands in `theirs` with the same value; libxl leaves out what is its own default: a writable 0, and that an
// ended domain is destroyed.
void expect_within(json const& ours, json const& theirs, std::string const& where) {
  if (ours.is_object()) {
    for (auto const& [key, value] : ours.items()) {
      bool const left_out = !theirs.contains(key) && (value == 0 || value == "destroy" || (value.is_object() && value.empty()));
      if (left_out) continue;
      ASSERT_TRUE(theirs.contains(key)) << where << "." << key << " in " << theirs.dump();
      expect_within(value, theirs[key], where + "." + key);
    }
  } else if (ours.is_array()) {
    ASSERT_EQ(ours.size(), theirs.size()) << where;
    for (std::size_t i = 0; i < ours.size(); ++i) expect_within(ours[i], theirs[i], where + "[" + std::to_string(i) + "]");
  } else {
    EXPECT_EQ(ours, theirs) << where;
  }
}

TEST(LibxlFill, LibxlSaysTheSameAsOurText) {
  machine::MachineSpec spec = example_spec();
  spec.volatile_volume = "/volumes/work/volatile \"odd\".img";
  auto const config = libxl_config(spec);
  ASSERT_TRUE(config.ok());
  auto const text = through_libxl(*config);
  ASSERT_TRUE(text.ok()) << text.error().message;
  expect_within(json::parse(libxl_json(*config)), json::parse(*text), "");
}

TEST(LibxlFill, AUuidThatIsNoneIsRefused) {
  DomainConfig config = *libxl_config(example_spec());
  config.uuid = "12345678";
  EXPECT_FALSE(through_libxl(config).ok());
}

}  // namespace
}  // namespace bh::xen
