// Pools (admin-api.md 3.1).
#include "base/display_text.h"
#include "dom0/core/admin/api.h"
#include "dom0/core/storage/pool_driver.h"

namespace bh::dom0 {

namespace {

// GUARD: a pool's name is looked up among those that are there, never used as a path.
std::string name_of(CallContext const& call) {
  return call.argument.checked([](std::string const& text) { return text; });
}

// "name=N\nopt=value\n..."; a line without '=' or an option said twice is refused.
Result<std::map<std::string, std::string>, admin::Exception> parse_options(std::string const& text) {
  std::map<std::string, std::string> options;
  for (auto const& line : admin::parse_lines(text)) {
    auto const equals = line.find('=');
    if (equals == 0 || equals == std::string::npos) return refuse("ProtocolError", "lines of the form option=value are needed");
    if (!options.emplace(line.substr(0, equals), line.substr(equals + 1)).second) {
      return refuse("ProtocolError", "option " + for_display(line.substr(0, equals), 64) + " is given twice");
    }
  }
  return options;
}

std::string line(std::string const& key, std::string const& value) { return key + "=" + value + "\n"; }
std::string line(std::string const& key, ByteCount value) { return line(key, std::to_string(value.value())); }

}  // namespace

admin::Reply AdminApi::pool_list(CallContext const&) {
  std::string text;
  for (auto const& spec : storage_.pools()) text += spec.name.text() + "\n";
  return text;
}

admin::Reply AdminApi::pool_list_drivers(CallContext const&) {
  std::string text;
  for (auto const& driver : pool_drivers()) {
    text += driver.name;
    for (auto const option : driver.options) text += " " + std::string(option);
    text += "\n";
  }
  return text;
}

admin::Reply AdminApi::pool_info(CallContext const& call) {
  BH_TRY(spec, storage_.pool_spec(name_of(call)));
  std::map<std::string, std::string> facts = spec.options;
  facts["driver"] = spec.driver;
  facts["name"] = spec.name.text();
  facts["revisions_to_keep"] = std::to_string(storage_.default_revisions(spec).number());
  facts.try_emplace("ephemeral_volatile", "False");
  std::string text;
  for (auto const& [key, value] : facts) text += line(key, value);
  auto const pool = storage_.pool(spec.name.text());
  if (!pool) return text;
  text += line("cheap_copies", (*pool)->cheap_copies() ? "True" : "False");
  if (auto const usage = (*pool)->usage()) text += line("size", usage->size) + line("usage", usage->used);
  return text;
}

admin::Reply AdminApi::pool_usage_details(CallContext const& call) {
  BH_TRY(pool, storage_.pool(name_of(call)));
  auto const usage = pool->usage();
  if (!usage) return refuse("QubesException", usage.error().message);
  std::string text = line("data_size", usage->size) + line("data_usage", usage->used);
  if (usage->metadata_size && usage->metadata_used) text += line("metadata_size", *usage->metadata_size) + line("metadata_usage", *usage->metadata_used);
  return text;
}

admin::Reply AdminApi::pool_add(CallContext const& call) {
  // GUARD: options with a meaning of the caller's choosing; add_pool() knows which there are and what they may hold.
  BH_TRY(options, call.payload.checked(parse_options));
  BH_CHECK(storage_.add_pool(name_of(call), std::move(options)));
  return std::string();
}

admin::Reply AdminApi::pool_remove(CallContext const& call) {
  BH_CHECK(storage_.remove_pool(name_of(call)));
  return std::string();
}

admin::Reply AdminApi::pool_set_revisions(CallContext const& call) {
  // GUARD: a number in a range and nothing else.
  auto const keep = call.payload.checked([](std::string const& text) { return parse_keep(text); });
  if (!keep) return refuse("QubesValueError", "a number from -1 (used in place, no revisions) to 1000 is needed");
  BH_CHECK(storage_.set_pool_option(name_of(call), "revisions_to_keep", std::to_string(keep->number())));
  return std::string();
}

admin::Reply AdminApi::pool_set_ephemeral(CallContext const& call) {
  // GUARD: one of two words.
  auto const flag = call.payload.checked([](std::string const& text) { return parse_flag(text); });
  if (!flag) return refuse("QubesValueError", "True or False is needed");
  BH_CHECK(storage_.set_pool_option(name_of(call), "ephemeral_volatile", *flag ? "True" : "False"));
  return std::string();
}

admin::Reply AdminApi::pool_volume_list(CallContext const& call) {
  BH_TRY(pool, storage_.pool(name_of(call)));
  auto const all = pool->list();
  if (!all) return refuse("QubesException", all.error().message);
  std::string text;
  for (auto const& id : *all) text += id.text() + "\n";
  return text;
}

}  // namespace bh::dom0
