// Volumes: what they are and what is set of them (admin-api.md 3.4). Their content is in volume_content_methods.cpp.
#include "base/number.h"
#include "dom0/core/admin/api.h"
#include "dom0/core/storage/pool_driver.h"

namespace bh::dom0 {

namespace {

std::string yes_or_no(bool value) { return value ? "True" : "False"; }

std::uint64_t size_of(std::filesystem::path const& file) {
  std::error_code error;
  auto const size = std::filesystem::file_size(file, error);
  return error ? 0 : size;
}

std::string format(VolumeView const& view, std::uint64_t size, std::uint64_t usage, std::string const& path) {
  return "pool=" + view.pool + "\nvid=" + view.id.text() + "\nsize=" + std::to_string(size) + "\nusage=" + std::to_string(usage) + "\nrw=" + yes_or_no(view.rw) +
         "\nsource=" + view.source + "\npath=" + path + "\nsave_on_stop=" + yes_or_no(view.save_on_stop) + "\nsnap_on_start=" + yes_or_no(view.snap_on_start) +
         "\nrevisions_to_keep=" + std::to_string(view.keep.number()) + "\nephemeral=False\n";
}

}  // namespace

Result<VolumeView, admin::Exception> AdminApi::own_volume(Qube const& qube, Untrusted<std::string> const& name) {
  // GUARD: a volume's name selects one of those that the qube has; Storage compares it and makes no path of it.
  return name.checked([&](std::string const& text) { return storage_.volume(qube, text); });
}

Result<VolumeView, admin::Exception> AdminApi::volume_named(CallContext const& call) { return own_volume(call.destination, call.argument); }

Result<AdminApi::IdleVolume, admin::Exception> AdminApi::idle_volume(CallContext const& call) {
  BH_TRY(view, volume_named(call));
  std::string const qube = call.destination.name.text();
  if (!view.save_on_stop || view.template_file) return refuse("QubesException", view.id.text() + " has no content of its own that could be changed here");
  if (life_.info(qube).state != PowerState::halted) return refuse("QubesVMNotHaltedError", qube + " is running; shut it down first");
  BH_TRY(pool, storage_.pool(view.pool));
  BH_TRY(lease, storage_.lease(view.id));
  return IdleVolume{std::move(view), std::move(pool), std::make_shared<Storage::Lease>(std::move(lease))};
}

void AdminApi::work_on(IdleVolume volume, std::function<Result<void>(volumes::Pool&)> work, Sink sink) {
  auto const outcome = std::make_shared<Result<void>>();
  auto const held = std::make_shared<IdleVolume>(std::move(volume));
  hooks_.aside([outcome, held, work = std::move(work)] { *outcome = work(*held->pool); },
               [this, outcome, held, sink = std::move(sink)] {
                 // The volume is free again before the caller hears of it.
                 held->lease.reset();
                 storage_.watch_filling();
                 if (*outcome) sink(std::string());
                 else sink(refuse("QubesException", outcome->error().message));
               });
}

admin::Reply AdminApi::volume_list(CallContext const& call) {
  std::string text;
  for (auto const name : Storage::volume_names(call.destination.klass)) text += std::string(name) + "\n";
  return text;
}

admin::Reply AdminApi::volume_info(CallContext const& call) {
  BH_TRY(view, volume_named(call));
  if (view.template_file) return format(view, size_of(*view.template_file), 0, view.save_on_stop ? view.template_file->string() : "");
  BH_TRY(pool, storage_.pool(view.pool));
  // A disposable's is a copy of its template's and there only while it runs.
  auto const source = volumes::VolumeId::parse(view.source);
  auto facts = pool->look(view.id);
  if (!facts && source) facts = pool->look(*source);
  if (!facts) return refuse("QubesException", facts.error().message);
  return format(view, facts->size.value(), facts->used.value(), view.save_on_stop ? pool->committed(view.id).string() : "");
}

admin::Reply AdminApi::volume_list_snapshots(CallContext const& call) {
  BH_TRY(view, volume_named(call));
  if (view.template_file || !view.save_on_stop) return std::string();
  BH_TRY(pool, storage_.pool(view.pool));
  auto const facts = pool->look(view.id);
  if (!facts) return refuse("QubesException", facts.error().message);
  std::string text;
  for (auto const& revision : facts->revisions) text += revision.text() + "\n";
  return text;
}

void AdminApi::volume_set_revisions(CallContext const& call, Sink sink) {
  auto const view = volume_named(call);
  if (!view) return sink(Failure{view.error()});
  if (view->template_file || !view->save_on_stop) return sink(refuse("QubesException", view->id.text() + " keeps nothing, so it has no revisions"));
  // GUARD: a number in a range and nothing else.
  auto const keep = call.payload.checked([](std::string const& text) { return parse_keep(text); });
  if (!keep) return sink(refuse("QubesValueError", "a number from -1 (used in place, no revisions) to 1000 is needed"));
  auto const set = storage_.set_volume(call.destination, view->id.volume(), "revisions_to_keep", std::to_string(keep->number()));
  if (!set) return sink(Failure{set.error()});
  // It takes effect with the next stop; what is too many of a halted qube's goes now. In place keeps what there is: it may be wanted back.
  auto idle = keep->is_in_place() ? Result<IdleVolume, admin::Exception>(refuse("", "")) : idle_volume(call);
  if (!idle) return sink(std::string());
  work_on(std::move(*idle), [id = view->id, keep = *keep](volumes::Pool& pool) { return pool.prune(id, keep); }, std::move(sink));
}

admin::Reply AdminApi::volume_set_rw(CallContext const& call) {
  BH_TRY(view, volume_named(call));
  // GUARD: one of two words.
  auto const flag = call.payload.checked([](std::string const& text) { return parse_flag(text); });
  if (!flag) return refuse("QubesValueError", "True or False is needed");
  if (*flag == view.rw) return std::string();
  return refuse("QubesException", view.id.text() + " is always writable in this version of Bulkhead");
}

admin::Reply AdminApi::volume_set_ephemeral(CallContext const& call) {
  BH_TRY(view, volume_named(call));
  // GUARD: one of two words.
  auto const flag = call.payload.checked([](std::string const& text) { return parse_flag(text); });
  if (!flag) return refuse("QubesValueError", "True or False is needed");
  if (!*flag) return std::string();
  return refuse("QubesException", view.id.text() + " cannot be encrypted with a key that is forgotten: only a volatile volume can");
}

void AdminApi::volume_resize(CallContext const& call, Sink sink) {
  auto const view = volume_named(call);
  if (!view) return sink(Failure{view.error()});
  if (view->template_file || !view->save_on_stop) return sink(refuse("QubesException", view->id.text() + " has the size of what it is made from"));
  // GUARD: digits only; the pool checks the range.
  auto const size = call.payload.checked([](std::string const& text) { return text.size() <= 19 ? parse_decimal(text) : std::nullopt; });
  if (!size) return sink(refuse("QubesValueError", "a size in bytes is needed"));
  auto const pool = storage_.pool(view->pool);
  if (!pool) return sink(Failure{pool.error()});
  // Held only for the moment: a start or stop of the qube may be at work on it.
  if (auto const lease = storage_.lease(view->id); !lease) return sink(Failure{lease.error()});
  // Guests count in sectors and file systems in pages: the size is rounded up.
  std::uint64_t const whole = *size > volumes::kMaxVolumeSize.value() ? *size : (*size + 4095) / 4096 * 4096;
  if (auto const grown = (*pool)->resize(view->id, ByteCount(whole)); !grown) return sink(refuse("QubesException", grown.error().message));
  std::string const qube = call.destination.name.text();
  registry_.tell({qube, "bulkhead:volume-resize", {{"volume", view->id.volume()}, {"size", std::to_string(whole)}}});
  life_.volume_grown(qube, view->id.volume(), ByteCount(whole), [sink = std::move(sink)](Result<void, admin::Exception> const& told) {
    if (told) sink(std::string());
    else sink(Failure{told.error()});
  });
}

}  // namespace bh::dom0
