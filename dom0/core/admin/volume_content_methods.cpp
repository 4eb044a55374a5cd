// What volumes hold: reverted, cloned, cleared, imported (admin-api.md 3.4). All of it on halted qubes.
#include <algorithm>
#include <cerrno>

#include "base/display_text.h"
#include "base/log.h"
#include "base/number.h"
#include "dom0/core/admin/api.h"
#include "hypervisor/volumes/pool/new_file_system.h"

namespace bh::dom0 {

namespace {

constexpr std::size_t kMaxTokens = 64;
constexpr std::size_t kTokenLength = 32;

// A blank volume with a file system, so that the guest need not make one.
Result<void> clear(volumes::Pool& pool, volumes::VolumeId const& id, volumes::KeepRevisions keep) {
  BH_TRY(blank, pool.import_begin(id, std::nullopt));
  auto const made = volumes::make_ext4(blank, id.volume());
  // Without mke2fs here the guest formats it itself.
  if (!made && made.error().errno_value != ENOENT) return Failure{made.error()};
  return pool.import_end(id, true, keep);
}

}  // namespace

void AdminApi::volume_revert(CallContext const& call, Sink sink) {
  std::optional<volumes::RevisionId> revision;
  // GUARD: a revision's id becomes part of a file's name only as a RevisionId.
  bool const understood = call.payload.checked([&](std::string const& text) {
    revision = volumes::RevisionId::parse(text);
    return text.empty() || revision.has_value();
  });
  if (!understood) return sink(refuse("QubesValueError", "that is no revision; `bulkhead volume info QUBE:VOLUME` lists them"));
  auto volume = idle_volume(call);
  if (!volume) return sink(Failure{volume.error()});
  auto const view = volume->view;
  work_on(std::move(*volume), [view, revision](volumes::Pool& pool) { return pool.revert(view.id, revision, view.keep); }, std::move(sink));
}

admin::Reply AdminApi::volume_clone_from(CallContext const& call) {
  BH_TRY(view, volume_named(call));
  if (view.template_file || !view.save_on_stop) return refuse("QubesException", view.id.text() + " has no content of its own; clone what it is made from");
  if (view.keep.is_in_place() && life_.info(call.destination.name.text()).state != PowerState::halted) {
    return refuse("QubesVMNotHaltedError", call.destination.name.text() + " is running and writes to the volume itself; shut it down first");
  }
  std::string token = random_uuid().text();
  std::erase(token, '-');
  if (clone_tokens_.size() >= kMaxTokens) clone_tokens_.erase(clone_tokens_.begin());
  clone_tokens_.emplace_back(token, view.id);
  return token;
}

void AdminApi::volume_clone_to(CallContext const& call, Sink sink) {
  // GUARD: a token is only compared; it is used up whatever comes of it, so that it cannot be tried again.
  auto const source = call.payload.checked([this](std::string const& text) -> std::optional<volumes::VolumeId> {
    auto const found = std::find_if(clone_tokens_.begin(), clone_tokens_.end(), [&](auto const& token) { return text.size() == kTokenLength && token.first == text; });
    if (found == clone_tokens_.end()) return std::nullopt;
    auto const id = found->second;
    clone_tokens_.erase(found);
    return id;
  });
  if (!source) return sink(refuse("PermissionDenied", "that token is not good any more; ask for another with CloneFrom"));
  Qube const* const owner = registry_.inventory().find(source->qube());
  if (owner == nullptr) return sink(refuse("QubesVMNotFoundError", "the qube to be cloned from is gone"));
  auto const from = storage_.volume(*owner, source->volume());
  if (!from) return sink(Failure{from.error()});
  auto const from_pool = storage_.pool(from->pool);
  if (!from_pool) return sink(Failure{from_pool.error()});
  auto volume = idle_volume(call);
  if (!volume) return sink(Failure{volume.error()});
  auto from_lease = storage_.lease(from->id);
  if (!from_lease) return sink(Failure{from_lease.error()});
  auto const held = std::make_shared<Storage::Lease>(std::move(*from_lease));
  auto const view = volume->view;
  work_on(std::move(*volume), [view, id = from->id, pool = *from_pool](volumes::Pool& into) { return into.replace_by_copy(view.id, *pool, id, view.keep); },
          [held, sink = std::move(sink)](admin::Reply reply) {
            // Freed in this thread, where leases belong.
            Storage::Lease const ended = std::move(*held);
            sink(std::move(reply));
          });
}

void AdminApi::volume_clear(CallContext const& call, Sink sink) {
  auto volume = idle_volume(call);
  if (!volume) return sink(Failure{volume.error()});
  auto const view = volume->view;
  work_on(std::move(*volume), [view](volumes::Pool& pool) { return clear(pool, view.id, view.keep); }, std::move(sink));
}

admin::Reply AdminApi::volume_import_begin(CallContext const& call) {
  std::optional<std::uint64_t> size;
  // GUARD: digits only; the pool checks the range.
  bool const understood = call.payload.checked([&](std::string const& text) {
    size = parse_decimal(text);
    return text.empty() || size.has_value();
  });
  if (!understood) return refuse("QubesValueError", "a size in bytes is needed, or nothing");
  BH_TRY(volume, idle_volume(call));
  auto const path = volume.pool->import_begin(volume.view.id, size ? std::optional(ByteCount(*size)) : std::nullopt);
  if (!path) return refuse("QubesException", path.error().message);
  std::error_code error;
  auto const whole = std::filesystem::file_size(*path, error);
  registry_.tell({call.destination.name.text(), "domain-volume-import-begin", {{"volume", volume.view.id.volume()}, {"size", std::to_string(whole)}}});
  return std::to_string(whole) + " " + path->string();
}

void AdminApi::volume_import_end(CallContext const& call, Sink sink) {
  std::string failure;
  // GUARD: "ok", or "fail" and a text that is only shown.
  bool const good = call.payload.checked([&](std::string const& text) {
    if (text == "ok") return true;
    failure = for_display(text.starts_with("fail\n") ? text.substr(5) : text, 256);
    return false;
  });
  auto volume = idle_volume(call);
  if (!volume) return sink(Failure{volume.error()});
  auto const view = volume->view;
  auto const done = [this, view, good, failure, sink = std::move(sink)](admin::Reply reply) {
    bool const success = good && reply.ok();
    registry_.tell({view.id.qube(), "domain-volume-import-end", {{"volume", view.id.volume()}, {"success", success ? "True" : "False"}}});
    if (reply && !good) return sink(refuse("QubesException", "nothing was imported into " + view.id.text() + ": " + failure));
    sink(std::move(reply));
  };
  work_on(std::move(*volume), [view, good](volumes::Pool& pool) { return pool.import_end(view.id, good, view.keep); }, done);
}

}  // namespace bh::dom0
