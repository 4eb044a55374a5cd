#include "hypervisor/qemu/snapshot_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <tuple>

#include "base/durable.h"
#include "base/posix_io.h"
#include "hypervisor/qemu/content_hash.h"
#include "hypervisor/qemu/copy_threads.h"
#include "hypervisor/qemu/overlay_header.h"
#include "hypervisor/qemu/shared_memory.h"
#include "hypervisor/qemu/snapshot_manifest.h"

namespace bh::qemu {

namespace fs = std::filesystem;
using namespace machine;

namespace {

constexpr char const* kManifest = "manifest.json";
constexpr std::string_view kBegun = ".new-";
constexpr std::string_view kGone = ".old-";

Failure<Error> damaged(std::string text) { return Failure{Error{std::move(text), EBADMSG}}; }

struct FoundFile {
  UniqueFd fd;
  struct stat status {};
};

// GUARD: a link, a pipe or a file of somebody else's in place of one of ours.
Result<FoundFile> open_own(UniqueFd const& folder, char const* name) {
  FoundFile found;
  found.fd = UniqueFd(::openat(folder.borrow(), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!found.fd.open()) return Failure{Error::from_errno(std::string("open its ") + name)};
  if (::fstat(found.fd.borrow(), &found.status) != 0) return Failure{Error::from_errno(std::string("look at its ") + name)};
  if (!S_ISREG(found.status.st_mode)) return damaged(std::string("its ") + name + " is no file");
  if (found.status.st_uid != ::geteuid() || (found.status.st_mode & 022) != 0) return damaged(std::string("others could have written its ") + name);
  return found;
}

Result<UniqueFd> open_folder(fs::path const& path) {
  UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder.open()) return Failure{Error::from_errno("open the snapshot " + path.filename().string())};
  struct stat status {};
  if (::fstat(folder.borrow(), &status) != 0) return Failure{Error::from_errno("look at a snapshot")};
  if (status.st_uid != ::geteuid() || (status.st_mode & 022) != 0) return damaged("others could have written into its folder");
  return folder;
}

Result<SnapshotManifest> read_manifest(UniqueFd const& folder) {
  BH_TRY(found, open_own(folder, kManifest));
  if (found.status.st_size < 0 || static_cast<std::uint64_t>(found.status.st_size) > kMaxManifest) return damaged("its manifest is too long");
  std::string text(static_cast<std::size_t>(found.status.st_size), '\0');
  BH_CHECK(read_exact(found.fd, std::as_writable_bytes(std::span(text))));
  return parse_snapshot_manifest(text);
}

// A change of the content changes at least the last of them, which no program can set.
std::string stamp(struct stat const& status) {
  auto const time = [](timespec const& at) { return std::to_string(at.tv_sec) + "." + std::to_string(at.tv_nsec); };
  return std::to_string(status.st_dev) + " " + std::to_string(status.st_ino) + " " + std::to_string(status.st_size) + " " + time(status.st_mtim) + " " + time(status.st_ctim);
}

bool is_near(std::optional<Kilohertz> saved, std::optional<Kilohertz> now) {
  if (saved.has_value() != now.has_value()) return false;
  if (!saved) return true;
  std::int64_t const difference = std::int64_t{saved->value()} - std::int64_t{now->value()};
  return std::abs(difference) <= saved->value() / 1000;
}

Result<ManifestFile> describe_file(UniqueFd const& folder, char const* name) {
  BH_TRY(found, open_own(folder, name));
  BH_CHECK(sync_file(found.fd, name));
  ByteCount const size(static_cast<std::uint64_t>(found.status.st_size));
  BH_TRY(hash, content_hash(found.fd, size, copy_threads()));
  return ManifestFile{size, std::move(hash)};
}

bool has(UniqueFd const& folder, char const* name) { return ::faccessat(folder.borrow(), name, F_OK, AT_SYMLINK_NOFOLLOW) == 0; }

ByteCount size_on_disk(fs::path const& folder) {
  std::uint64_t blocks = 0;
  for (char const* name : {kManifest, kSnapshotMemory, kSnapshotState, kSnapshotOverlay}) {
    struct stat status {};
    if (::lstat((folder / name).c_str(), &status) == 0) blocks += static_cast<std::uint64_t>(status.st_blocks);
  }
  return ByteCount(blocks * 512);
}

Result<void> rename_to(fs::path const& from, fs::path const& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return Failure{Error::from_errno("rename a snapshot")};
  return {};
}

// Out of sight at once, then away piece by piece: a crash on the way leaves nothing that could be taken for a snapshot.
Result<void> put_away(fs::path const& folder, std::string const& key) {
  std::error_code error;
  fs::path const gone = folder / (std::string(kGone) + key);
  fs::remove_all(gone, error);
  if (::rename((folder / key).c_str(), gone.c_str()) != 0) {
    if (errno == ENOENT) return {};
    return Failure{Error::from_errno("put a snapshot away")};
  }
  fs::remove_all(gone, error);
  if (error) return Failure{Error::from_errno("remove a snapshot", error.value())};
  return {};
}

}  // namespace

Result<SnapshotStore> SnapshotStore::open(fs::path folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return Failure{Error::from_errno("make " + folder.string(), error.value())};
  if (::chmod(folder.c_str(), 0700) != 0) return Failure{Error::from_errno("close " + folder.string() + " to others")};
  for (auto const& entry : fs::directory_iterator(folder, error)) {
    std::string const name = entry.path().filename();
    std::error_code ignored;
    if (name.starts_with(kBegun) || name.starts_with(kGone)) fs::remove_all(entry.path(), ignored);
  }
  if (error) return Failure{Error::from_errno("look into " + folder.string(), error.value())};
  return SnapshotStore(std::move(folder));
}

// Opened once; what is handed out is what was compared.
Result<std::shared_ptr<UniqueFd const>> SnapshotStore::verified(UniqueFd const& folder, std::string const& key, char const* name, ManifestFile const& wanted) {
  BH_TRY(found, open_own(folder, name));
  if (static_cast<std::uint64_t>(found.status.st_size) != wanted.size.value()) return damaged(std::string("its ") + name + " has another size than its manifest says");
  std::string const place = key + "/" + name;
  std::string const now = stamp(found.status) + " " + wanted.hash;
  if (verified_[place] != now) {
    BH_TRY(hash, content_hash(found.fd, wanted.size, copy_threads()));
    if (hash != wanted.hash) return damaged(std::string("its ") + name + " is not what its manifest says");
    verified_[place] = now;
  }
  return std::make_shared<UniqueFd const>(std::move(found.fd));
}

Result<SnapshotFiles> SnapshotStore::find(SnapshotKey const& key) {
  if (!is_snapshot_key(key.text)) return Failure{Error{"that is no key of a snapshot", EINVAL}};
  auto const why = [](Error const& error) { return damaged("the snapshot is not used: " + error.message); };
  auto const folder = open_folder(folder_ / key.text);
  if (!folder && folder.error().errno_value == ENOENT) return Failure{Error{"there is no snapshot of this machine", ENOENT}};
  if (!folder) return why(folder.error());
  auto const manifest = read_manifest(*folder);
  if (!manifest) return damaged("the snapshot is not used: " + manifest.error().message);
  if (manifest->key != key.text) return damaged("the snapshot is not used: its manifest is that of another machine");
  if (!is_near(manifest->tsc, key.tsc)) return damaged("the snapshot is not used: this host's clock runs at another rate");
  SnapshotFiles files;
  auto memory = verified(*folder, key.text, kSnapshotMemory, manifest->memory);
  if (!memory) return why(memory.error());
  files.memory = *std::move(memory);
  auto state = verified(*folder, key.text, kSnapshotState, manifest->state);
  if (!state) return why(state.error());
  files.state = *std::move(state);
  if (!manifest->overlay) return files;
  auto overlay = verified(*folder, key.text, kSnapshotOverlay, *manifest->overlay);
  if (!overlay) return why(overlay.error());
  // GUARD: the hash says only that it is what was saved.
  if (auto const header = check_overlay_header(**overlay); !header) return why(header.error());
  files.overlay = *std::move(overlay);
  return files;
}

Result<SnapshotFiles> SnapshotStore::find_shared(SnapshotKey const& key) {
  BH_TRY(files, find(key));
  struct stat status {};
  if (::fstat(files.memory->borrow(), &status) != 0) return Failure{Error::from_errno("look at a snapshot's memory")};
  Shared& shared = shared_[key.text];
  if (shared.memory == nullptr || shared.stamp != stamp(status)) {
    BH_TRY(memory, make_shared_memory(*files.memory, ByteCount(static_cast<std::uint64_t>(status.st_size))));
    shared = Shared{stamp(status), std::make_shared<UniqueFd const>(std::move(memory))};
  }
  files.shared_memory = shared.memory;
  return files;
}

Result<SnapshotTarget> SnapshotStore::begin(SnapshotKey const& key) {
  if (!is_snapshot_key(key.text)) return Failure{Error{"that is no key of a snapshot", EINVAL}};
  abandon(key);
  fs::path const folder = folder_ / (std::string(kBegun) + key.text);
  if (::mkdir(folder.c_str(), 0700) != 0) return Failure{Error::from_errno("make a folder for a snapshot")};
  return SnapshotTarget{folder};
}

void SnapshotStore::abandon(SnapshotKey const& key) {
  std::error_code ignored;
  if (is_snapshot_key(key.text)) fs::remove_all(folder_ / (std::string(kBegun) + key.text), ignored);
}

Result<SnapshotInfo> SnapshotStore::commit(SnapshotKey const& key, std::string const& note) {
  if (!is_snapshot_key(key.text)) return Failure{Error{"that is no key of a snapshot", EINVAL}};
  fs::path const begun = folder_ / (std::string(kBegun) + key.text);
  BH_TRY(folder, open_folder(begun));
  SnapshotManifest manifest{.key = key.text, .tsc = key.tsc, .made = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count(), .note = note, .memory = {}, .state = {}, .overlay = {}};
  BH_TRY(memory, describe_file(folder, kSnapshotMemory));
  manifest.memory = std::move(memory);
  BH_TRY(state, describe_file(folder, kSnapshotState));
  manifest.state = std::move(state);
  if (has(folder, kSnapshotOverlay)) {
    BH_TRY(overlay, open_own(folder, kSnapshotOverlay));
    BH_CHECK(check_overlay_header(overlay.fd));
    BH_TRY(described, describe_file(folder, kSnapshotOverlay));
    manifest.overlay = std::move(described);
  }
  BH_CHECK(write_file_atomically(begun / kManifest, format_manifest(manifest), 0600));
  BH_CHECK(put_away(folder_, key.text));
  BH_CHECK(rename_to(begun, folder_ / key.text));
  BH_CHECK(sync_folder(folder_));
  return SnapshotInfo{key.text, manifest.made, manifest.note, size_on_disk(folder_ / key.text)};
}

Result<std::vector<SnapshotInfo>> SnapshotStore::list() const {
  std::vector<SnapshotInfo> all;
  std::error_code error;
  for (auto const& entry : fs::directory_iterator(folder_, error)) {
    std::string const name = entry.path().filename();
    if (!is_snapshot_key(name)) continue;
    SnapshotInfo info{name, 0, "damaged", size_on_disk(entry.path())};
    auto const folder = open_folder(entry.path());
    auto const manifest = folder ? read_manifest(*folder) : Result<SnapshotManifest>(Failure{folder.error()});
    if (manifest) {
      info.made = manifest->made;
      info.note = manifest->note;
    } else {
      info.note = "damaged: " + manifest.error().message;
    }
    all.push_back(std::move(info));
  }
  if (error) return Failure{Error::from_errno("look into " + folder_.string(), error.value())};
  std::sort(all.begin(), all.end(), [](SnapshotInfo const& a, SnapshotInfo const& b) { return std::tie(b.made, a.key) < std::tie(a.made, b.key); });
  return all;
}

Result<void> SnapshotStore::remove(std::string const& key) {
  if (!is_snapshot_key(key)) return Failure{Error{"that is no key of a snapshot", EINVAL}};
  shared_.erase(key);
  return put_away(folder_, key);
}

Result<std::vector<std::string>> SnapshotStore::prune(ByteCount keep) {
  BH_TRY(all, list());
  std::vector<std::string> gone;
  std::uint64_t kept = 0;
  for (auto const& info : all) {
    kept += info.size.value();
    if (kept <= keep.value()) continue;
    BH_CHECK(remove(info.key));
    gone.push_back(info.key);
  }
  return gone;
}

}  // namespace bh::qemu
