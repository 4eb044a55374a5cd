#include "hypervisor/volumes/pool/lvm_thin_pool.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

#include "base/program_output.h"
#include "base/display_text.h"
#include "base/posix_io.h"
#include "hypervisor/volumes/pool/file_copy.h"
#include "hypervisor/volumes/pool/file_pool_parts.h"

namespace bh::volumes {

namespace fs = std::filesystem;
using lvm::name_of;

namespace {

constexpr std::string_view kDirty = "dirty";
constexpr std::string_view kNext = "next";
constexpr std::string_view kImport = "import";
constexpr std::size_t kMaxOutput = std::size_t{4} << 20;
constexpr std::chrono::seconds kLimit{60};

Failure<Error> missing(VolumeId const& id) { return Failure{Error{"there is no volume " + id.text(), ENOENT}}; }
Failure<Error> taken(VolumeId const& id) { return Failure{Error{"there is already a volume " + id.text(), EEXIST}}; }

}  // namespace

Result<std::string> run_lvm(lvm::Words const& words) {
  auto done = program_output({.argv = words, .environment = {{"LC_ALL", "C"}}, .die_with_parent = true}, {kMaxOutput, kLimit});
  if (!done) return Failure{std::move(done).error()};
  if (done->status.code == 0) return std::move(done->text);
  return Failure{Error{words[1] + " failed (exit status " + std::to_string(done->status.code) + "); LVM's own words are in bulkheadd's log", EIO}};
}

Result<std::unique_ptr<LvmThinPool>> LvmThinPool::open(std::string group, std::string thin_pool, Runner run) {
  // GUARD: both become part of command lines.
  if (!lvm::is_name(group) || !lvm::is_name(thin_pool)) return Failure{Error{"volume_group and thin_pool are names of letters, digits, '_', '.' and '-'", EINVAL}};
  std::unique_ptr<LvmThinPool> pool(new LvmThinPool(std::move(group), std::move(thin_pool), std::move(run)));
  BH_CHECK(pool->usage());
  return pool;
}

// The device itself and not udev's link to it: machines open their disks without following links.
fs::path LvmThinPool::device(std::string const& name) const {
  fs::path const link = fs::path("/dev") / group_ / name;
  std::error_code error;
  auto const real = fs::canonical(link, error);
  return error ? link : real;
}

bool LvmThinPool::Parts::has(std::string_view suffix) const { return std::find(suffixes.begin(), suffixes.end(), suffix) != suffixes.end(); }

Result<void> LvmThinPool::do_it(lvm::Words const& words) const {
  auto done = run_(words);
  return done ? Result<void>() : Result<void>(Failure{std::move(done).error()});
}

Result<std::vector<lvm::LogicalVolume>> LvmThinPool::all() const {
  BH_TRY(text, run_(lvm::list(group_)));
  return lvm::parse_list(text);
}

Result<PoolUsage> LvmThinPool::usage() const {
  BH_TRY(volumes, all());
  for (auto const& volume : volumes) {
    if (volume.name == thin_pool_) return PoolUsage{volume.size, volume.used, volume.metadata_size, volume.metadata_used};
  }
  return Failure{Error{"volume group " + group_ + " has no thin pool " + thin_pool_, ENOENT}};
}

Result<std::vector<VolumeId>> LvmThinPool::list() const {
  BH_TRY(volumes, all());
  std::vector<VolumeId> ids;
  for (auto const& volume : volumes) {
    auto const name = lvm::parse_name(volume.name);
    // A volume whose swap was cut off exists as its +next.
    if (name && (name->suffix.empty() || name->suffix == kNext)) ids.push_back(name->id);
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

Result<LvmThinPool::Parts> LvmThinPool::parts(VolumeId const& id) const {
  BH_TRY(volumes, all());
  Parts found;
  for (auto const& volume : volumes) {
    auto const name = lvm::parse_name(volume.name);
    if (!name || name->id != id) continue;
    if (name->suffix.empty()) found.volume = volume;
    else if (auto revision = RevisionId::parse(name->suffix)) found.revisions.push_back(std::move(*revision));
    else found.suffixes.push_back(name->suffix);
  }
  std::sort(found.revisions.begin(), found.revisions.end());
  return found;
}

Result<void> LvmThinPool::swap_in(VolumeId const& id, Parts const& have) const {
  if (have.volume) {
    if (!have.revisions.empty() && have.revisions.back().number() == UINT32_MAX) return Failure{Error{id.text() + " has had too many revisions", EOVERFLOW}};
    auto const revision = RevisionId::make(have.revisions.empty() ? 1 : have.revisions.back().number() + 1, std::time(nullptr));
    BH_CHECK(do_it(lvm::rename(group_, name_of(id), name_of(id, revision.text()))));
  }
  return do_it(lvm::rename(group_, name_of(id, kNext), name_of(id)));
}

Result<LvmThinPool::Parts> LvmThinPool::settled(VolumeId const& id) const {
  BH_TRY(have, parts(id));
  if (!have.has(kNext)) return have;
  BH_CHECK(swap_in(id, have));
  return parts(id);
}

Result<void> LvmThinPool::remove_part(VolumeId const& id, Parts const& have, std::string_view suffix) {
  return have.has(suffix) ? do_it(lvm::remove(group_, name_of(id, suffix))) : Result<void>();
}

Result<VolumeFacts> LvmThinPool::look(VolumeId const& id) const {
  BH_TRY(have, settled(id));
  if (!have.volume) return missing(id);
  return VolumeFacts{have.volume->size, have.volume->used, have.revisions, have.has(kDirty)};
}

Result<void> LvmThinPool::create(VolumeId const& id, ByteCount size, Content) {
  BH_CHECK(check_volume_size(size));
  BH_TRY(have, settled(id));
  if (have.volume) return taken(id);
  return do_it(lvm::create(group_, thin_pool_, name_of(id), size));
}

Result<void> LvmThinPool::remove(VolumeId const& id) {
  BH_TRY(have, parts(id));
  if (have.volume) BH_CHECK(do_it(lvm::remove(group_, name_of(id))));
  for (auto const& suffix : have.suffixes) BH_CHECK(remove_part(id, have, suffix));
  for (auto const& revision : have.revisions) BH_CHECK(do_it(lvm::remove(group_, name_of(id, revision.text()))));
  return {};
}

Result<fs::path> LvmThinPool::begin(VolumeId const& id, KeepRevisions keep) {
  BH_TRY(have, settled(id));
  if (!have.volume) return missing(id);
  if (have.has(kDirty)) return device(name_of(id, kDirty));
  if (keep.is_in_place()) return committed(id);
  BH_CHECK(do_it(lvm::snapshot(group_, name_of(id), name_of(id, kDirty))));
  return device(name_of(id, kDirty));
}

Result<fs::path> LvmThinPool::begin_from(VolumeId const& source, VolumeId const& id) {
  BH_CHECK(discard(id));
  BH_TRY(from, settled(source));
  if (!from.volume) return missing(source);
  BH_CHECK(do_it(lvm::snapshot(group_, name_of(source), name_of(id, kDirty))));
  return device(name_of(id, kDirty));
}

Result<void> LvmThinPool::commit(VolumeId const& id, KeepRevisions keep) {
  BH_TRY(have, settled(id));
  if (!have.has(kDirty)) return {};
  BH_CHECK(do_it(lvm::rename(group_, name_of(id, kDirty), name_of(id, kNext))));
  BH_CHECK(swap_in(id, have));
  return prune(id, keep);
}

Result<void> LvmThinPool::discard(VolumeId const& id) {
  BH_TRY(have, parts(id));
  return remove_part(id, have, kDirty);
}

Result<void> LvmThinPool::prune(VolumeId const& id, KeepRevisions keep) {
  BH_TRY(have, settled(id));
  for (std::size_t i = 0; i + keep.count() < have.revisions.size(); ++i) BH_CHECK(do_it(lvm::remove(group_, name_of(id, have.revisions[i].text()))));
  return {};
}

Result<void> LvmThinPool::revert(VolumeId const& id, std::optional<RevisionId> const& revision, KeepRevisions keep) {
  BH_TRY(before, settled(id));
  if (!before.volume) return missing(id);
  if (revision && std::find(before.revisions.begin(), before.revisions.end(), *revision) == before.revisions.end()) {
    return Failure{Error{id.text() + " has no revision " + revision->text(), ENOENT}};
  }
  bool const dirty = before.has(kDirty);
  if (!revision && !dirty && before.revisions.empty()) return Failure{Error{id.text() + " has no revisions to go back to", ENOENT}};
  // As with files: the last work is kept as a revision, and the last commit is the one before it.
  if (dirty) {
    BH_CHECK(do_it(lvm::rename(group_, name_of(id, kDirty), name_of(id, kNext))));
    BH_CHECK(swap_in(id, before));
  }
  BH_TRY(have, parts(id));
  std::string const wanted = (revision ? *revision : have.revisions.back()).text();
  BH_CHECK(do_it(lvm::rename(group_, name_of(id, wanted), name_of(id, kNext))));
  BH_TRY(now, settled(id));
  bool const keep_all = keep.count() == 0 && dirty;
  return keep_all ? Result<void>() : prune(id, keep);
}

Result<void> LvmThinPool::resize(VolumeId const& id, ByteCount size) {
  BH_CHECK(check_volume_size(size));
  BH_TRY(have, settled(id));
  if (!have.volume) return missing(id);
  if (size < have.volume->size) return Failure{Error{"a volume cannot shrink: that would lose data", EINVAL}};
  if (size == have.volume->size) return {};
  BH_CHECK(do_it(lvm::extend(group_, name_of(id), size)));
  return have.has(kDirty) ? do_it(lvm::extend(group_, name_of(id, kDirty), size)) : Result<void>();
}

Result<fs::path> LvmThinPool::import_begin(VolumeId const& id, std::optional<ByteCount> size) {
  if (size) BH_CHECK(check_volume_size(*size));
  BH_TRY(have, settled(id));
  if (!have.volume) return missing(id);
  BH_CHECK(remove_part(id, have, kImport));
  BH_CHECK(do_it(lvm::create(group_, thin_pool_, name_of(id, kImport), size.value_or(have.volume->size))));
  return device(name_of(id, kImport));
}

Result<void> LvmThinPool::import_end(VolumeId const& id, bool keep_it, KeepRevisions keep) {
  BH_TRY(have, settled(id));
  if (!have.has(kImport)) return keep_it ? Result<void>(Failure{Error{"no import into " + id.text() + " is under way", ENOENT}}) : Result<void>();
  if (!keep_it) return remove_part(id, have, kImport);
  bool const dirty = have.has(kDirty);
  if (dirty) {
    BH_CHECK(do_it(lvm::rename(group_, name_of(id, kDirty), name_of(id, kNext))));
    BH_CHECK(settled(id));
  }
  BH_CHECK(do_it(lvm::rename(group_, name_of(id, kImport), name_of(id, kNext))));
  BH_CHECK(settled(id));
  return keep.count() == 0 && dirty ? Result<void>() : prune(id, keep);
}

Result<void> LvmThinPool::create_copy(VolumeId const& id, Pool const& source_pool, VolumeId const& source) {
  BH_TRY(have, settled(id));
  if (have.volume) return taken(id);
  if (&source_pool == this) return do_it(lvm::snapshot(group_, name_of(source), name_of(id)));
  BH_TRY(facts, source_pool.look(source));
  BH_CHECK(do_it(lvm::create(group_, thin_pool_, name_of(id), facts.size)));
  return replace_by_copy(id, source_pool, source, *KeepRevisions::make(0));
}

Result<void> LvmThinPool::replace_by_copy(VolumeId const& id, Pool const& source_pool, VolumeId const& source, KeepRevisions keep) {
  BH_TRY(have, settled(id));
  if (!have.volume) return missing(id);
  if (&source_pool == this) {
    BH_CHECK(remove_part(id, have, kImport));
    BH_CHECK(do_it(lvm::snapshot(group_, name_of(source), name_of(id, kImport))));
    return import_end(id, true, keep);
  }
  BH_TRY(facts, source_pool.look(source));
  BH_TRY(place, import_begin(id, facts.size));
  BH_TRY(from, open_file(source_pool.committed(source), O_RDONLY | O_NOFOLLOW));
  BH_TRY(to, open_file(place, O_RDWR));
  BH_CHECK(copy_to_blank_device(from, to, facts.size));
  return import_end(id, true, keep);
}

}  // namespace bh::volumes
