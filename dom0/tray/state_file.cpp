#include "dom0/tray/state_file.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include "base/posix_io.h"

namespace bh::tray {

namespace {
QString text_of(std::string const& text) { return QString::fromStdString(text); }

char const* word_for(Accelerator accelerator) {
  switch (accelerator) {
    case Accelerator::kvm: return "kvm";
    case Accelerator::tcg: return "tcg";
    case Accelerator::unknown: break;
  }
  return "unknown";
}
}  // namespace

std::string state_json(View const& view) {
  QJsonArray qubes;
  for (QubeRow const& row : view.rows) {
    qubes.append(QJsonObject{{QStringLiteral("name"), text_of(row.name)},
                             {QStringLiteral("class"), text_of(row.klass)},
                             {QStringLiteral("state"), text_of(row.state)},
                             {QStringLiteral("label"), text_of(row.label)}});
  }
  QJsonObject const all{{QStringLiteral("problem"), text_of(view.connection_problem)},
                        {QStringLiteral("accelerator"), QLatin1String(word_for(view.accelerator))},
                        {QStringLiteral("qubes"), qubes}};
  return QJsonDocument(all).toJson(QJsonDocument::Indented).toStdString();
}

Result<void> write_state_file(std::filesystem::path const& path, View const& view) {
  return write_file_atomically(path, state_json(view));
}

}  // namespace bh::tray
