// Pools: which there are, opened when first used, added and removed.
#include <algorithm>

#include "base/number.h"
#include "dom0/core/model/property.h"
#include "dom0/core/storage/pool_driver.h"
#include "dom0/core/storage/storage.h"

namespace bh::dom0 {

namespace {
Failure<admin::Exception> refuse(std::string type, std::string text) { return Failure{admin::Exception{std::move(type), std::move(text)}}; }
}  // namespace

std::vector<PoolSpec> Storage::pools() const {
  auto all = registry_.inventory().pools();
  all.try_emplace(std::string(kDefaultPool), PoolSpec{*PoolName::parse(kDefaultPool), "file"});
  std::vector<PoolSpec> list;
  for (auto& [name, spec] : all) {
    if (name == kDefaultPool) spec.options.emplace("dir_path", (paths_.lib() / "volumes").string());
    list.push_back(std::move(spec));
  }
  return list;
}

Result<PoolSpec, admin::Exception> Storage::pool_spec(std::string_view name) const {
  for (auto& spec : pools()) {
    if (spec.name.text() == name) return std::move(spec);
  }
  return refuse("QubesException", "there is no such pool; `bulkhead pool` lists them");
}

Result<std::shared_ptr<volumes::Pool>, admin::Exception> Storage::pool(std::string_view name) {
  if (auto const found = open_.find(name); found != open_.end()) return found->second;
  BH_TRY(spec, pool_spec(name));
  auto opened = open_pool(spec);
  if (!opened) return refuse("QubesException", "pool " + spec.name.text() + " cannot be used: " + opened.error().message);
  return open_.emplace(spec.name.text(), std::move(*opened)).first->second;
}

Result<void, admin::Exception> Storage::add_pool(std::string_view driver, std::map<std::string, std::string> options) {
  // GUARD: the name becomes part of events and lines, options reach file names and LVM's command line.
  auto const name = PoolName::parse(options["name"]);
  if (!name) return refuse("QubesValueError", "name=NAME is needed, of letters, digits, '_', '.', '-', at most 63");
  options.erase("name");
  if (pool_spec(name->text())) return refuse("QubesPoolInUseError", "there is already a pool " + name->text());
  PoolSpec spec{*name, std::string(driver), std::move(options)};
  if (auto const objection = objection_to_pool(spec)) return refuse("ProtocolError", *objection);
  auto opened = open_pool(spec);
  if (!opened) return refuse("QubesException", "pool " + name->text() + " cannot be used: " + opened.error().message);
  if (auto const put = registry_.put_pool(spec); !put) return refuse("QubesException", "nothing was changed: " + put.error().message);
  open_.insert_or_assign(name->text(), std::move(*opened));
  registry_.tell({"", "pool-add", {{"pool", name->text()}}});
  return {};
}

Result<void, admin::Exception> Storage::remove_pool(std::string_view name) {
  BH_TRY(spec, pool_spec(name));
  std::string const text = spec.name.text();
  if (text == kDefaultPool) return refuse("QubesPoolInUseError", "the default pool stays");
  for (auto const& [qube, facts] : registry_.inventory().qubes()) {
    for (auto const& [volume, settings] : facts.volumes) {
      auto const used = settings.find("pool");
      if (used != settings.end() && used->second == text) return refuse("QubesPoolInUseError", "pool " + text + " holds " + qube + "/" + volume);
    }
  }
  for (auto const& [setting, value] : registry_.inventory().settings()) {
    if (setting.starts_with("default_pool") && value == text) return refuse("QubesPoolInUseError", "pool " + text + " is the system's " + setting);
  }
  registry_.tell({"", "pool-pre-delete", {{"pool", text}}});
  if (auto const removed = registry_.remove_pool(text); !removed) return refuse("QubesException", "nothing was changed: " + removed.error().message);
  open_.erase(text);
  alarms_.erase(text);
  registry_.tell({"", "pool-delete", {{"pool", text}}});
  return {};
}

Result<void, admin::Exception> Storage::set_pool_option(std::string_view pool, std::string const& option, std::string const& value) {
  BH_TRY(spec, pool_spec(pool));
  if (spec.name.text() == kDefaultPool) spec.options.erase("dir_path");
  spec.options[option] = value;
  if (auto const put = registry_.put_pool(std::move(spec)); !put) return refuse("QubesException", "nothing was changed: " + put.error().message);
  return {};
}

std::string Storage::pool_for_new(std::string_view volume) const {
  auto const& settings = registry_.inventory().settings();
  for (auto const& name : {"default_pool_" + std::string(volume), std::string("default_pool")}) {
    auto const found = settings.find(name);
    if (found != settings.end() && !found->second.empty() && pool_spec(found->second)) return found->second;
  }
  return std::string(kDefaultPool);
}

volumes::KeepRevisions Storage::default_revisions(PoolSpec const& spec) {
  if (auto const set = spec.options.find("revisions_to_keep"); set != spec.options.end()) {
    if (auto const keep = parse_keep(set->second)) return *keep;
  }
  // Where a copy takes time and space, nobody gets one who has not asked for it.
  auto const opened = pool(spec.name.text());
  return opened && (*opened)->cheap_copies() ? *volumes::KeepRevisions::make(1) : volumes::KeepRevisions::in_place();
}

void Storage::watch_filling() {
  for (auto const& spec : pools()) {
    auto const opened = pool(spec.name.text());
    if (!opened) continue;
    auto const usage = (*opened)->usage();
    if (!usage) continue;
    auto const passed = alarms_[spec.name.text()].look(*usage);
    if (!passed) continue;
    registry_.tell({"", "bulkhead:pool-filling",
                    {{"pool", spec.name.text()}, {"percent", std::to_string(volumes::percent_full(*usage))}, {"threshold", std::to_string(*passed)},
                     {"size", std::to_string(usage->size.value())}, {"usage", std::to_string(usage->used.value())}}});
  }
}

}  // namespace bh::dom0
