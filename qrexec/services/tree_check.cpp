#include "qrexec/services/tree_check.h"

#include <cerrno>

#include "qrexec/services/entry_name.h"
#include "qrexec/services/file_tree.h"

namespace bh::qfile {

namespace {

class Checker : public TreeVisitor {
 public:
  explicit Checker(bool ignore_links) : ignore_links_(ignore_links) {}

  Result<void> directory(std::string const& name, struct stat const&) override { return check_name(name); }
  Result<void> file(std::string const& name, struct stat const& facts, UniqueFd const&) override {
    facts_.bytes += static_cast<std::uint64_t>(facts.st_size);
    return check_name(name);
  }
  Result<void> link(std::string const& name, struct stat const&, std::string const& target) override {
    if (ignore_links_) return other(name);
    BH_CHECK(check_name(name));
    auto const parsed = EntryName::parse(name, NameRules::allow_all);
    if (!LinkTarget::parse(target, *parsed, NameRules::allow_all)) {
      return Failure{Error{"the symbolic link " + name + " points out of what is copied; copy its target, or use --ignore-symlinks", ENOLINK}};
    }
    facts_.names_safe = facts_.names_safe && LinkTarget::parse(target, *parsed, NameRules::strict).ok();
    facts_.bytes += target.size();
    return {};
  }
  Result<void> other(std::string const& name) override {
    facts_.skipped.push_back(name);
    return {};
  }
  [[nodiscard]] TreeFacts take() { return std::move(facts_); }

 private:
  Result<void> check_name(std::string const& name) {
    if (!EntryName::parse(name, NameRules::allow_all)) return Failure{Error{"the name " + name + " is too long or too deep", ENAMETOOLONG}};
    facts_.names_safe = facts_.names_safe && EntryName::parse(name, NameRules::strict).ok();
    return {};
  }
  bool ignore_links_;
  TreeFacts facts_;
};

}  // namespace

Result<TreeFacts> check_trees(std::vector<std::string> const& paths, bool ignore_links) {
  Checker checker(ignore_links);
  for (auto const& path : paths) BH_CHECK(walk(path, checker));
  return checker.take();
}

}  // namespace bh::qfile
