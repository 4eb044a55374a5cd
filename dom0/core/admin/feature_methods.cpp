// Tags and features: free texts of the user's and of other tools', kept and told about, never acted upon by their form.
#include <array>

#include "base/display_text.h"
#include "dom0/core/admin/api.h"

namespace bh::dom0 {

namespace {

Result<Tag, admin::Exception> tag_of(CallContext const& call) {
  // GUARD: characters that a policy line or a listing would read otherwise.
  return call.argument.checked([](std::string const& text) -> Result<Tag, admin::Exception> {
    auto const tag = Tag::parse(text);
    if (!tag) return refuse("QubesValueError", "a tag holds only letters, digits, '_' and '-'");
    return *tag;
  });
}

Result<FeatureName, admin::Exception> feature_of(CallContext const& call) {
  // GUARD: a name that forges a second line in a listing.
  return call.argument.checked([](std::string const& text) -> Result<FeatureName, admin::Exception> {
    auto const name = FeatureName::parse(text);
    if (!name) return refuse("QubesValueError", "a feature's name holds only letters, digits, '_', '.' and '-'");
    return *name;
  });
}

// Kept by the system for disposables; writing them from outside would hand out somebody else's.
Result<void, admin::Exception> may_write(FeatureName const& name) {
  for (std::string_view const kept : {"deferred-netvm-original", "preload-dispvm", "preload-dispvm-completed", "preload-dispvm-in-progress",
                                      "bulkhead.accel", "bulkhead.accel-reason"}) {
    if (name.text() == kept) return refuse("PermissionDenied", "feature " + name.text() + " is kept by the system");
  }
  return {};
}

admin::Reply first_value(std::span<Qube const* const> qubes, FeatureName const& name) {
  for (Qube const* qube : qubes) {
    if (qube == nullptr) continue;
    auto const found = qube->features.find(name);
    if (found != qube->features.end()) return found->second.text();
  }
  return refuse("QubesFeatureNotFoundError", "no feature " + name.text());
}

}  // namespace

admin::Reply AdminApi::tag_list(CallContext const& call) {
  std::string text;
  for (Tag const& tag : call.destination.tags) text += tag.text() + "\n";
  return text;
}

admin::Reply AdminApi::tag_get(CallContext const& call) {
  BH_TRY(tag, tag_of(call));
  return std::string(call.destination.tags.contains(tag) ? "1" : "0");
}

admin::Reply AdminApi::tag_set(CallContext const& call) {
  BH_TRY(tag, tag_of(call));
  if (call.destination.tags.contains(tag)) return std::string();
  std::string const name = call.destination.name.text();
  Qube qube = call.destination;
  qube.tags.insert(tag);
  auto const put = registry_.put(std::move(qube));
  if (put) registry_.tell({name, "domain-tag-add:" + tag.text(), {{"tag", tag.text()}}});
  return saved(put);
}

admin::Reply AdminApi::tag_remove(CallContext const& call) {
  BH_TRY(tag, tag_of(call));
  std::string const name = call.destination.name.text();
  if (!call.destination.tags.contains(tag)) return refuse("QubesTagNotFoundError", name + " has no tag " + tag.text());
  Qube qube = call.destination;
  qube.tags.erase(tag);
  auto const put = registry_.put(std::move(qube));
  if (put) registry_.tell({name, "domain-tag-delete:" + tag.text(), {{"tag", tag.text()}}});
  return saved(put);
}

admin::Reply AdminApi::feature_list(CallContext const& call) {
  std::string text;
  for (auto const& [name, value] : call.destination.features) text += name.text() + "\n";
  return text;
}

void AdminApi::feature_get(CallContext const& call, Sink sink) {
  auto const name = feature_of(call);
  if (!name) return sink(Failure{name.error()});
  auto const answer = [this, qube = call.destination.name.text(), name = *name, sink] {
    // Looked up anew: the answer may have waited.
    sink(first_value(std::array{registry_.inventory().find(qube)}, name));
  };
  // Whoever asks right after the daemon's start wants the answer, not the news that it is not known yet.
  bool const about_accel = call.destination.klass == QubeClass::admin && name->text().starts_with("bulkhead.accel");
  if (about_accel) return hooks_.when_accel_known(answer);
  answer();
}

admin::Reply AdminApi::feature_check_template(CallContext const& call) {
  BH_TRY(name, feature_of(call));
  Inventory const& inventory = registry_.inventory();
  return first_value(std::array{&call.destination, inventory.find(value_of(inventory, call.destination, "template")),
                                inventory.find(root_template(inventory, call.destination))}, name);
}

admin::Reply AdminApi::feature_check_netvm(CallContext const& call) {
  BH_TRY(name, feature_of(call));
  Inventory const& inventory = registry_.inventory();
  return first_value(std::array{&call.destination, inventory.find(value_of(inventory, call.destination, "netvm"))}, name);
}

admin::Reply AdminApi::feature_check_adminvm(CallContext const& call) {
  BH_TRY(name, feature_of(call));
  return first_value(std::array{&call.destination, &registry_.inventory().dom0()}, name);
}

admin::Reply AdminApi::feature_check_template_and_adminvm(CallContext const& call) {
  BH_TRY(name, feature_of(call));
  Inventory const& inventory = registry_.inventory();
  return first_value(std::array{&call.destination, inventory.find(value_of(inventory, call.destination, "template")),
                                inventory.find(root_template(inventory, call.destination)), &inventory.dom0()}, name);
}

admin::Reply AdminApi::feature_set(CallContext const& call) {
  BH_TRY(name, feature_of(call));
  if (auto const allowed = may_write(name); !allowed) return Failure{allowed.error()};
  // GUARD: control characters and lengths that would forge or flood answers.
  BH_TRY(value, call.payload.checked([](std::string const& text) -> Result<FeatureValue, admin::Exception> {
    auto const parsed = FeatureValue::parse(text);
    if (!parsed) return refuse("QubesValueError", "a feature's value holds only printable ASCII, at most 16384 characters");
    return *parsed;
  }));
  std::string const qube_name = call.destination.name.text();
  admin::Event event{qube_name, "domain-feature-pre-set:" + name.text(), {{"feature", name.text()}, {"value", value.text()}}};
  auto const old = call.destination.features.find(name);
  if (old != call.destination.features.end()) event.values.emplace_back("oldvalue", old->second.text());
  Qube qube = call.destination;
  qube.features.insert_or_assign(name, value);
  registry_.tell(event);
  auto const put = registry_.put(std::move(qube));
  event.name = "domain-feature-set:" + name.text();
  if (put) registry_.tell(event);
  return saved(put);
}

admin::Reply AdminApi::feature_remove(CallContext const& call) {
  BH_TRY(name, feature_of(call));
  if (auto const allowed = may_write(name); !allowed) return Failure{allowed.error()};
  std::string const qube_name = call.destination.name.text();
  if (!call.destination.features.contains(name)) return refuse("QubesFeatureNotFoundError", qube_name + " has no feature " + name.text());
  Qube qube = call.destination;
  qube.features.erase(name);
  registry_.tell({qube_name, "domain-feature-pre-delete:" + name.text(), {{"feature", name.text()}}});
  auto const put = registry_.put(std::move(qube));
  if (put) registry_.tell({qube_name, "domain-feature-delete:" + name.text(), {{"feature", name.text()}}});
  return saved(put);
}

}  // namespace bh::dom0
