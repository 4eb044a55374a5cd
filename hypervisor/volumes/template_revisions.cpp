#include "hypervisor/volumes/template_revisions.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>

#include "base/durable.h"
#include "base/posix_io.h"

namespace bh::volumes {

namespace fs = std::filesystem;

namespace {

constexpr char const* kUnfinished = ".unfinished";

Result<void> move(fs::path const& from, fs::path const& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return Failure{Error::from_errno("move " + from.string() + " to " + to.string())};
  return {};
}

// Every file on the disk and closed to writers: a revision never changes again.
Result<void> seal(fs::path const& folder) {
  std::error_code error;
  for (auto const& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_symlink(error) || !entry.is_regular_file(error)) return Failure{Error{entry.path().string() + " is no plain file; a template has no others", EINVAL}};
    BH_TRY(file, open_file(entry.path(), O_RDONLY | O_NOFOLLOW));
    BH_CHECK(sync_file(file, entry.path()));
    fs::permissions(entry.path(), fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read, error);
  }
  if (error) return Failure{Error::from_errno("seal " + folder.string(), error.value())};
  return sync_folder(folder);
}

Result<void> check_name(std::string const& name) {
  // GUARD: it becomes a path.
  return VolumeId::make(name, "root") ? Result<void>() : Result<void>(Failure{Error{"that is no template's name", EINVAL}});
}

}  // namespace

Result<std::vector<RevisionId>> TemplateRevisions::list(std::string const& name) const {
  BH_CHECK(check_name(name));
  std::vector<RevisionId> all;
  std::error_code error;
  for (auto const& entry : fs::directory_iterator(folder_of(name), error)) {
    if (auto revision = RevisionId::parse(entry.path().filename().string())) all.push_back(std::move(*revision));
  }
  if (error && error.value() != ENOENT) return Failure{Error::from_errno("list the revisions of " + name, error.value())};
  std::sort(all.begin(), all.end());
  return all;
}

Result<std::optional<RevisionId>> TemplateRevisions::current(std::string const& name) const {
  BH_CHECK(check_name(name));
  std::error_code error;
  auto const target = fs::read_symlink(templates_ / name, error);
  if (error || target.parent_path() != folder_of(name)) return std::optional<RevisionId>();
  return RevisionId::parse(target.filename().string());
}

Result<RevisionId> TemplateRevisions::next(std::string const& name) const {
  BH_TRY(all, list(name));
  return RevisionId::make(all.empty() ? 1 : all.back().number() + 1, std::time(nullptr));
}

Result<void> TemplateRevisions::make_current(std::string const& name, RevisionId const& revision) const {
  fs::path const fresh = folder_of(name) / ".link";
  std::error_code error;
  fs::remove(fresh, error);
  fs::create_symlink(folder_of(name) / revision.text(), fresh, error);
  if (error) return Failure{Error::from_errno("link " + name + " to its revision", error.value())};
  BH_CHECK(move(fresh, templates_ / name));
  return sync_folder(templates_);
}

// What templates/build or the user put there: a folder moves in, a link is copied. Both stay what they are.
Result<void> TemplateRevisions::adopt_foreign(std::string const& name) const {
  fs::path const there = templates_ / name;
  std::error_code error;
  auto const kind = fs::symlink_status(there, error).type();
  if (kind == fs::file_type::not_found) return {};
  BH_TRY(now, current(name));
  if (now) return {};
  BH_TRY(revision, next(name));
  fs::path const kept = folder_of(name) / revision.text();
  if (kind == fs::file_type::symlink) {
    fs::copy_symlink(there, kept, error);
    if (error) return Failure{Error::from_errno("keep the present " + name, error.value())};
  } else {
    // A folder cannot be replaced by a link in one step: both names are the folder's in turn, and the link follows at once.
    BH_CHECK(move(there, kept));
  }
  return make_current(name, revision);
}

Result<RevisionId> TemplateRevisions::commit(std::string const& name, fs::path const& made, std::size_t keep) {
  BH_CHECK(check_name(name));
  std::error_code error;
  fs::create_directories(folder_of(name), error);
  if (error) return Failure{Error::from_errno("make the folder " + folder_of(name).string(), error.value())};
  if (!fs::is_regular_file(made / "manifest.json", error)) return Failure{Error{made.string() + " is no template: it has no manifest.json", ENOENT}};
  BH_CHECK(adopt_foreign(name));
  BH_CHECK(seal(made));
  fs::path const unfinished = folder_of(name) / kUnfinished;
  fs::remove_all(unfinished, error);
  BH_CHECK(move(made, unfinished));
  BH_TRY(revision, next(name));
  BH_CHECK(move(unfinished, folder_of(name) / revision.text()));
  BH_CHECK(sync_folder(folder_of(name)));
  BH_CHECK(make_current(name, revision));
  BH_CHECK(prune(name, keep));
  return revision;
}

Result<void> TemplateRevisions::revert(std::string const& name, std::optional<RevisionId> const& revision) {
  BH_TRY(all, list(name));
  BH_TRY(now, current(name));
  auto wanted = revision;
  if (wanted && std::find(all.begin(), all.end(), *wanted) == all.end()) return Failure{Error{name + " has no revision " + wanted->text(), ENOENT}};
  if (!wanted) {
    for (auto const& one : all) {
      if (now && one.number() < now->number()) wanted = one;
    }
  }
  if (!wanted) return Failure{Error{name + " has no revision to go back to", ENOENT}};
  return make_current(name, *wanted);
}

Result<void> TemplateRevisions::prune(std::string const& name, std::size_t keep) {
  BH_TRY(all, list(name));
  BH_TRY(now, current(name));
  std::error_code error;
  fs::remove_all(folder_of(name) / kUnfinished, error);
  if (now) std::erase(all, *now);
  for (std::size_t i = 0; i + keep < all.size(); ++i) {
    fs::remove_all(folder_of(name) / all[i].text(), error);
    if (error) return Failure{Error::from_errno("remove revision " + all[i].text() + " of " + name, error.value())};
  }
  return sync_folder(folder_of(name));
}

}  // namespace bh::volumes
