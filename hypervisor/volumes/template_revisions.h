// Revisions of a template: each an immutable folder, the current one a link that is swapped in one step. What runs keeps the files it has
// open, whatever becomes of the names.
//   TEMPLATES/NAME -> REVISIONS/NAME/REVISION      (or, before the first commit, a folder or link of another's making)
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "hypervisor/volumes/pool/volume_id.h"

namespace bh::volumes {

class TemplateRevisions {
 public:
  // Both on one file system; the second is made when it is needed.
  TemplateRevisions(std::filesystem::path templates, std::filesystem::path revisions) : templates_(std::move(templates)), revisions_(std::move(revisions)) {}

  // `made` is a complete template's folder on the same file system; it is moved, made read-only and current. Keeps `keep` older ones.
  // What was current before and was not made here is kept as the oldest revision.
  Result<RevisionId> commit(std::string const& name, std::filesystem::path const& made, std::size_t keep);
  // Oldest first, the current one too.
  Result<std::vector<RevisionId>> list(std::string const& name) const;
  // nullopt: the current one was not made here.
  Result<std::optional<RevisionId>> current(std::string const& name) const;
  // Makes an older one current, by default the one before the current. Nothing is removed, so it can be undone.
  Result<void> revert(std::string const& name, std::optional<RevisionId> const& revision);
  // Removes what a crash left unfinished and all but the `keep` newest beside the current one.
  Result<void> prune(std::string const& name, std::size_t keep);

 private:
  [[nodiscard]] std::filesystem::path folder_of(std::string const& name) const { return revisions_ / name; }
  Result<void> make_current(std::string const& name, RevisionId const& revision) const;
  Result<RevisionId> next(std::string const& name) const;
  Result<void> adopt_foreign(std::string const& name) const;

  std::filesystem::path templates_;
  std::filesystem::path revisions_;
};

}  // namespace bh::volumes
