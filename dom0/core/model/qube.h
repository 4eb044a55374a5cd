// Qube: what dom0 remembers of one qube. Only explicitly set properties are stored; defaults are worked out (property.h).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "dom0/core/model/names.h"
#include "hypervisor/vchan/domain.h"

namespace bh::dom0 {

// disposable: based on an AppVM, nothing of it outlives its shutdown.
enum class QubeClass { admin, template_qube, app, disposable };
[[nodiscard]] std::string_view to_string(QubeClass klass);  // "AdminVM", "TemplateVM", "AppVM", "DispVM"
[[nodiscard]] std::optional<QubeClass> parse_class(std::string_view text);

struct Qube {
  DomainName name;
  int qid = 0;
  Uuid uuid;
  QubeClass klass = QubeClass::app;
  LabelName label;
  // Explicit values by property name, in the form of the wire. "template" and other references are names of qubes.
  std::map<std::string, std::string> properties = {};
  std::map<FeatureName, FeatureValue> features = {};
  std::set<Tag> tags = {};
  // What was set of its volumes, by volume and setting ("private" -> "revisions_to_keep" -> "2"); core/storage knows the defaults.
  std::map<std::string, std::map<std::string, std::string>> volumes = {};
};

struct Label {
  LabelName name;
  int index;
  std::string color;  // 0xRRGGBB
};

}  // namespace bh::dom0
