// Properties of qubes and settings of the system. The tables in model/ decide; here they meet wire, store and events.
#include "base/display_text.h"
#include "dom0/core/admin/api.h"

namespace bh::dom0 {

namespace {

// Texts of GetDefault and of errors need no spec, only its name.
Failure<admin::Exception> no_such_property(std::string const& text, std::string_view owner) {
  return refuse("QubesNoSuchPropertyError", std::string(owner) + " has no property " + for_display(text, 64));
}

admin::Event changed(std::string const& subject, std::string const& kind, std::string const& property, std::string const& value,
                     admin::PropertyValue const& old) {
  return {subject, kind + property, {{"name", property}, {"newvalue", value}, {"oldvalue", old.value}}};
}

admin::Event reset(std::string const& subject, std::string const& kind, std::string const& property, admin::PropertyValue const& old) {
  return {subject, kind + property, {{"name", property}, {"oldvalue", old.value}}};
}

std::string default_text(admin::PropertyValue const& value) { return "type=" + value.type + " " + value.value; }

}  // namespace

admin::PropertyValue AdminApi::property_now(Qube const& qube, PropertySpec const& spec) const {
  if (spec.name == "xid" && qube.klass == QubeClass::admin) return {true, "int", "0"};
  if (spec.name == "xid" || spec.name == "start_time") {
    RunInfo const info = life_.info(qube.name.text());
    if (spec.name == "xid") return {true, "int", info.domain ? std::to_string(info.domain->value()) : "-1"};
    return {true, "str", info.started_unix == 0 ? "" : std::to_string(info.started_unix)};
  }
  if (spec.name == "last_end") return {true, "str", life_.info(qube.name.text()).last_end};
  if (spec.name == "start_timing") return {true, "str", life_.info(qube.name.text()).timing};
  if (spec.name == "dispid") {
    auto const number = qube.properties.find("dispid");
    return {true, "int", number == qube.properties.end() ? "" : number->second};
  }
  return evaluate(registry_.inventory(), qube, spec);
}

Result<PropertySpec const*, admin::Exception> AdminApi::property_named(CallContext const& call) const {
  // GUARD: only names of the table go on; a long or odd one is refused before it is shown.
  return call.argument.checked([&](std::string const& text) -> Result<PropertySpec const*, admin::Exception> {
    auto const* const spec = find_property(text, call.destination.klass);
    if (spec == nullptr) return no_such_property(text, call.destination.name.text());
    return spec;
  });
}

Result<PropertySpec const*, admin::Exception> AdminApi::setting_named(CallContext const& call) const {
  // GUARD: as above, for the system's settings.
  return call.argument.checked([](std::string const& text) -> Result<PropertySpec const*, admin::Exception> {
    auto const* const spec = find_setting(text);
    if (spec == nullptr) return no_such_property(text, "the system");
    return spec;
  });
}

admin::Reply AdminApi::property_list(CallContext const& call) {
  std::string text;
  for (auto const& spec : qube_properties()) {
    if (spec.applies_to(call.destination.klass)) text += std::string(spec.name) + "\n";
  }
  return text;
}

admin::Reply AdminApi::property_get(CallContext const& call) {
  BH_TRY(spec, property_named(call));
  return admin::format_property(property_now(call.destination, *spec));
}

admin::Reply AdminApi::property_get_all(CallContext const& call) {
  std::string text;
  for (auto const& spec : qube_properties()) {
    if (spec.applies_to(call.destination.klass)) text += admin::format_property_line(spec.name, property_now(call.destination, spec));
  }
  return text;
}

admin::Reply AdminApi::property_get_default(CallContext const& call) {
  BH_TRY(spec, property_named(call));
  if (!spec->settable || spec->name == "label") return std::string();
  return default_text(default_of(registry_.inventory(), call.destination, *spec));
}

admin::Reply AdminApi::property_help(CallContext const& call) {
  BH_TRY(spec, property_named(call));
  return std::string(spec->help);
}

admin::Reply AdminApi::property_set(CallContext const& call) {
  BH_TRY(spec, property_named(call));
  std::string const name = call.destination.name.text();
  std::string const property(spec->name);
  // GUARD: a value that its type does not allow, such as a name with a path in it or text for a command line.
  BH_TRY(value, call.payload.checked([&](std::string const& text) { return check_value(registry_.inventory(), &call.destination, *spec, text); }));
  // A running qube's frames and root volume stay what they were, so showing another label or template would be a lie.
  bool const needs_halt = spec->name == "label" || spec->name == "template";
  if (needs_halt && life_.info(name).state != PowerState::halted) {
    return refuse("QubesVMNotHaltedError", name + " is running; " + property + " can be changed when it is shut down");
  }
  if (property == "template_for_dispvms" && value == "False") BH_CHECK(check_no_disposables(call.destination));
  admin::PropertyValue const old = property_now(call.destination, *spec);
  Qube qube = call.destination;
  if (spec->type == PropertyType::label) qube.label = *LabelName::parse(value);
  else qube.properties[property] = value;
  registry_.tell(changed(name, "property-pre-set:", property, value, old));
  auto const put = registry_.put(std::move(qube));
  if (put) registry_.tell(changed(name, "property-set:", property, value, old));
  return saved(put);
}

admin::Reply AdminApi::property_reset(CallContext const& call) {
  BH_TRY(spec, property_named(call));
  std::string const name = call.destination.name.text();
  std::string const property(spec->name);
  if (!spec->settable || spec->name == "label") return refuse("QubesPropertyValueError", property + " has no default to go back to");
  if (!call.destination.properties.contains(property)) return std::string();
  if (spec->name == "template" && life_.info(name).state != PowerState::halted) {
    return refuse("QubesVMNotHaltedError", name + " is running; template can be changed when it is shut down");
  }
  if (property == "template_for_dispvms") BH_CHECK(check_no_disposables(call.destination));
  admin::PropertyValue const old = property_now(call.destination, *spec);
  Qube qube = call.destination;
  qube.properties.erase(property);
  for (char const* kind : {"property-pre-reset:", "property-pre-del:"}) registry_.tell(reset(name, kind, property, old));
  auto const put = registry_.put(std::move(qube));
  if (put) {
    for (char const* kind : {"property-reset:", "property-del:"}) registry_.tell(reset(name, kind, property, old));
  }
  return saved(put);
}

admin::Reply AdminApi::setting_list(CallContext const&) {
  std::string text;
  for (auto const& spec : system_settings()) text += std::string(spec.name) + "\n";
  return text;
}

admin::Reply AdminApi::setting_get(CallContext const& call) {
  BH_TRY(spec, setting_named(call));
  return admin::format_property(evaluate_setting(registry_.inventory(), *spec));
}

admin::Reply AdminApi::setting_get_all(CallContext const&) {
  std::string text;
  for (auto const& spec : system_settings()) text += admin::format_property_line(spec.name, evaluate_setting(registry_.inventory(), spec));
  return text;
}

admin::Reply AdminApi::setting_get_default(CallContext const& call) {
  BH_TRY(spec, setting_named(call));
  if (!spec->settable) return std::string();
  return "type=" + std::string(to_string(spec->type)) + " " + std::string(spec->fallback);
}

admin::Reply AdminApi::setting_help(CallContext const& call) {
  BH_TRY(spec, setting_named(call));
  return std::string(spec->help);
}

admin::Reply AdminApi::setting_set(CallContext const& call) {
  BH_TRY(spec, setting_named(call));
  std::string const property(spec->name);
  // GUARD: as in property_set.
  BH_TRY(value, call.payload.checked([&](std::string const& text) { return check_value(registry_.inventory(), nullptr, *spec, text); }));
  auto const old = evaluate_setting(registry_.inventory(), *spec);
  registry_.tell(changed("", "property-pre-set:", property, value, old));
  auto const set = registry_.set_setting(property, value);
  if (set) registry_.tell(changed("", "property-set:", property, value, old));
  return saved(set);
}

admin::Reply AdminApi::setting_reset(CallContext const& call) {
  BH_TRY(spec, setting_named(call));
  std::string const property(spec->name);
  if (!spec->settable) return refuse("QubesPropertyValueError", property + " has no default to go back to");
  if (!registry_.inventory().settings().contains(property)) return std::string();
  auto const old = evaluate_setting(registry_.inventory(), *spec);
  for (char const* kind : {"property-pre-reset:", "property-pre-del:"}) registry_.tell(reset("", kind, property, old));
  auto const done = registry_.reset_setting(property);
  if (done) {
    for (char const* kind : {"property-reset:", "property-del:"}) registry_.tell(reset("", kind, property, old));
  }
  return saved(done);
}

}  // namespace bh::dom0
