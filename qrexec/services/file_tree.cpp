#include "qrexec/services/file_tree.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include "base/posix_io.h"
#include "qrexec/services/entry_name.h"

namespace bh::qfile {

namespace {

Result<std::vector<std::string>> names_in(UniqueFd const& folder, std::string const& shown) {
  BH_TRY(copy, folder.duplicate());
  std::unique_ptr<DIR, int (*)(DIR*)> const stream(::fdopendir(copy.borrow()), ::closedir);
  if (stream == nullptr) return Failure{Error::from_errno("list " + shown)};
  (void)copy.release();  // closed by closedir
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    dirent const* const entry = ::readdir(stream.get());
    if (entry == nullptr && errno != 0) return Failure{Error::from_errno("list " + shown)};
    if (entry == nullptr) break;
    std::string name(entry->d_name);
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<UniqueFd> open_in(UniqueFd const& folder, std::string const& name, int flags, std::string const& shown) {
  UniqueFd fd(::openat(folder.borrow(), name.c_str(), flags | O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd.open()) return Failure{Error::from_errno("open " + shown)};
  return fd;
}

Result<std::string> read_link(UniqueFd const& folder, std::string const& name, std::string const& shown) {
  std::string target(kMaxTargetLength + 1, '\0');
  ssize_t const length = ::readlinkat(folder.borrow(), name.c_str(), target.data(), target.size());
  if (length < 0) return Failure{Error::from_errno("read the link " + shown)};
  target.resize(static_cast<std::size_t>(length));
  return target;
}

Result<void> visit(UniqueFd const& folder, std::string const& name, std::string const& sent_as, std::size_t depth, TreeVisitor& visitor);

Result<void> visit_directory(UniqueFd const& parent, std::string const& name, std::string const& sent_as, std::size_t depth,
                             TreeVisitor& visitor) {
  if (depth > kMaxDepth) return Failure{Error{sent_as + " lies more than " + std::to_string(kMaxDepth) + " folders deep", ENAMETOOLONG}};
  BH_TRY(folder, open_in(parent, name, O_DIRECTORY, sent_as));
  struct stat facts{};
  if (::fstat(folder.borrow(), &facts) != 0) return Failure{Error::from_errno("look at " + sent_as)};
  BH_CHECK(visitor.directory(sent_as, facts));
  BH_TRY(names, names_in(folder, sent_as));
  for (auto const& inner : names) BH_CHECK(visit(folder, inner, sent_as + "/" + inner, depth + 1, visitor));
  return visitor.directory(sent_as, facts);
}

Result<void> visit(UniqueFd const& folder, std::string const& name, std::string const& sent_as, std::size_t depth, TreeVisitor& visitor) {
  struct stat facts{};
  if (::fstatat(folder.borrow(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0) return Failure{Error::from_errno("look at " + sent_as)};
  if (S_ISDIR(facts.st_mode)) return visit_directory(folder, name, sent_as, depth, visitor);
  if (S_ISLNK(facts.st_mode)) {
    BH_TRY(target, read_link(folder, name, sent_as));
    return visitor.link(sent_as, facts, target);
  }
  if (!S_ISREG(facts.st_mode)) return visitor.other(sent_as);
  BH_TRY(file, open_in(folder, name, 0, sent_as));
  // Of what was opened, which may not be what was looked at.
  if (::fstat(file.borrow(), &facts) != 0) return Failure{Error::from_errno("look at " + sent_as)};
  if (!S_ISREG(facts.st_mode)) return visitor.other(sent_as);
  return visitor.file(sent_as, facts, file);
}

}  // namespace

Result<void> walk(std::string const& path, TreeVisitor& visitor) {
  std::string trimmed = path;
  while (trimmed.size() > 1 && trimmed.back() == '/') trimmed.pop_back();
  std::size_t const slash = trimmed.rfind('/');
  std::string const name = slash == std::string::npos ? trimmed : trimmed.substr(slash + 1);
  std::string const parent = slash == std::string::npos ? "." : slash == 0 ? "/" : trimmed.substr(0, slash);
  if (name.empty() || name == "." || name == "..") {
    return Failure{Error{"'" + path + "' has no name to copy it under; give the file's or folder's own name", EINVAL}};
  }
  BH_TRY(folder, open_file(parent, O_RDONLY | O_DIRECTORY));
  return visit(folder, name, name, 1, visitor);
}

}  // namespace bh::qfile
