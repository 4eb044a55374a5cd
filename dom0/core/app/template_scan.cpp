#include "dom0/core/app/template_scan.h"

#include "base/display_text.h"
#include "base/log.h"

namespace bh::dom0 {

namespace {

// What is true of every guest built by templates/build; clients look these up before they call.
std::map<FeatureName, FeatureValue> guest_features() {
  std::map<FeatureName, FeatureValue> features;
  for (auto const& [name, value] : {std::pair<char const*, char const*>{"os", "Linux"}, {"qrexec", "1"}, {"gui", "1"}, {"vmexec", "1"}}) {
    features.emplace(*FeatureName::parse(name), *FeatureValue::parse(value));
  }
  return features;
}

}  // namespace

void TemplateScan::run() {
  std::error_code error;
  auto const changed = std::filesystem::last_write_time(folder_, error);
  if (error || changed == seen_) return;
  seen_ = changed;
  for (auto const& entry : std::filesystem::directory_iterator(folder_, error)) add(entry.path().filename().string(), entry.path());
  remove_vanished();
}

void TemplateScan::add(std::string const& name, std::filesystem::path const& path) {
  auto const image = volumes::open_template(path);
  if (!image) return log::warning("not a template: " + path.string() + ": " + image.error().message);
  auto const parsed = DomainName::parse(name);
  if (!parsed) return log::warning("not a template: " + for_display(name) + ": " + to_string(parsed.error()));
  Qube const* const known = registry_.inventory().find(name);
  if (known != nullptr && known->klass != QubeClass::template_qube) return log::warning("template " + name + " has the name of a qube and is left out");
  if (known == nullptr) {
    Qube qube{*parsed, registry_.inventory().next_free_qid(), random_uuid(), QubeClass::template_qube, *LabelName::parse("black")};
    qube.features = guest_features();
    if (auto const put = registry_.put(std::move(qube)); !put) return log::error("template " + name + ": " + put.error().message);
    log::info("template " + name + " found");
    registry_.tell({"", "domain-add", {{"vm", name}}});
  }
  found_(*image);
}

void TemplateScan::remove_vanished() {
  std::vector<std::string> gone;
  for (auto const& [name, qube] : registry_.inventory().qubes()) {
    std::error_code error;
    if (qube.klass == QubeClass::template_qube && !std::filesystem::exists(folder_ / name, error)) gone.push_back(name);
  }
  for (auto const& name : gone) {
    // A template that qubes still name stays, so that their error says what is missing.
    if (!registry_.inventory().users_of(name).empty()) continue;
    if (auto const removed = registry_.remove(name); !removed) continue;
    log::info("template " + name + " is gone");
    registry_.tell({"", "domain-delete", {{"vm", name}}});
  }
}

}  // namespace bh::dom0
