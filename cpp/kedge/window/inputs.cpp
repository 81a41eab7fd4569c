#include "kedge/window/inputs.h"

#include <algorithm>

#include "kedge/arrow/check.h"
#include "kedge/arrow/numeric.h"
#include "kedge/base/bits.h"
#include "kedge/base/error.h"
#include "kedge/base/hash.h"
#include "kedge/base/random.h"

namespace kedge {
namespace {

const Field* field_named(const Schema& schema, const std::string& name) {
  const auto found = std::ranges::find(schema, name, &Field::name);
  return found == schema.end() ? nullptr : &*found;
}

// `use(i, text)` for each of the rows that has one.
template <class Use>
void each_text(const Column& column, std::size_t start, std::size_t length, const Use& use) {
  const Column& names = column.dictionary ? *column.dictionary : column;
  std::int64_t place = 0;
  for (std::size_t i = 0; i < length; ++i) {
    if (column.is_null(start + i)) continue;
    place = static_cast<std::int64_t>(start + i);
    if (column.dictionary) read_integers(column, start + i, 1, &place);
    const auto row = static_cast<std::size_t>(place);
    if (!names.is_null(row)) use(i, names.string_at(row));
  }
}

}  // namespace

bool holds_texts(const Type& type) noexcept {
  return is_string(type.dictionary ? type.dictionary->id : type.id);
}

Form form_of(const Type& type) noexcept {
  if (holds_texts(type)) return Form::kTexts;
  return is_integral(type) ? Form::kIntegers : Form::kDoubles;
}

Type Inputs::type_of(const std::string& source) {
  if (std::ranges::count(columns_, source, &UserColumnSpec::name) != 0) {
    return type_at(sources_[source_of(source, columns_.size())]);
  }
  if (const Field* field = field_named(*schema_, source)) return field->type;
  return Program(parse_expression(source), *schema_).type();
}

const Type& Inputs::type_at(const Source& source) const {
  if (source.user) return source.user->type();
  return source.program ? source.program->type() : (*schema_)[source.column].type;
}

std::size_t Inputs::source_of(const std::string& text, std::size_t known) {
  const auto found = std::ranges::find(sources_, text, &Source::text);
  if (found != sources_.end()) return static_cast<std::size_t>(found - sources_.begin());
  sources_.push_back(made_source(text, known));
  return sources_.size() - 1;
}

// What it reads are sources before it.
std::unique_ptr<UserColumn> Inputs::user_column(std::size_t column) {
  const UserColumnSpec& spec = columns_[column];
  if (codes_ == nullptr) throw invalid_argument("its code is not there");
  std::vector<UserColumn::Input> inputs;
  std::vector<TypeId> types;
  for (const std::string& text : spec.user.inputs) {
    const std::size_t place = source_of(text, column);
    types.push_back(in_column(text, [&] { return user_type(type_at(sources_[place])); }));
    inputs.push_back({place, types.back() == TypeId::kFloat64});
  }
  return std::make_unique<UserColumn>(codes_->column_for(spec.user.code, types), std::move(inputs));
}

Inputs::Source Inputs::made_source(const std::string& text, std::size_t known) {
  Source source;
  source.text = text;
  const auto columns = columns_.first(known);
  const auto user = std::ranges::find(columns, text, &UserColumnSpec::name);
  if (user != columns.end()) {
    const auto column = static_cast<std::size_t>(user - columns.begin());
    source.user = in_column(text, [&] { return user_column(column); });
  } else if (const Field* field = field_named(*schema_, text)) {
    check_readable(*field);
    source.column = static_cast<std::size_t>(field - schema_->data());
  } else {
    source.program = std::make_unique<Program>(parse_expression(text), *schema_);
  }
  return source;
}

std::size_t Inputs::condition_of(const std::string& text) {
  const auto found = std::ranges::find(conditions_, text, &Condition::text);
  if (found != conditions_.end()) return static_cast<std::size_t>(found - conditions_.begin());
  auto program = std::make_unique<Program>(parse_expression(text), *schema_);
  if (program->type().id != TypeId::kBool) {
    throw invalid_argument("where = \"", text, "\" is ", type_name(program->type()), ", not bool");
  }
  conditions_.push_back({text, std::move(program), {}});
  return conditions_.size() - 1;
}

std::size_t Inputs::add(const std::string& source, const std::string& where, Form form) {
  Input input;
  if (!source.empty()) input.source = source_of(source, columns_.size());
  if (!where.empty()) input.condition = condition_of(where);
  input.form = form;
  const auto found = std::ranges::find_if(inputs_, [&](const Input& other) {
    return other.source == input.source && other.condition == input.condition && other.form == form;
  });
  if (found != inputs_.end()) return static_cast<std::size_t>(found - inputs_.begin());
  if (form == Form::kTexts) {
    input.texts.resize(kFoldRows);
  } else if (form != Form::kColumn && form != Form::kPresence) {
    input.memory.resize(kFoldRows);
  }
  input.keep.resize(kFoldRows);
  inputs_.push_back(std::move(input));
  values_.resize(inputs_.size());
  return inputs_.size() - 1;
}

void Inputs::compute(Source& source) {
  std::vector<const Column*> columns;
  for (const UserColumn::Input& input : source.user->inputs()) {
    columns.push_back(&column_of(sources_[input.source]));
  }
  source.computed = source.user->evaluate(columns, batch_.length);
}

void Inputs::prepare(const Batch& batch) {
  batch_ = batch;
  for (Source& source : sources_) {
    if (source.program) {
      source.program->check(batch);
      source.computed = source.program->evaluate(batch);
    } else if (source.user) {
      in_column(source.text, [&] { compute(source); });
    } else {
      in_column(batch.field(source.column).name,
                [&] { check_column(batch.columns[source.column]); });
    }
  }
  for (Condition& condition : conditions_) {
    condition.program->check(batch);
    condition.keep.resize(batch.length);
    condition.program->select(batch, condition.keep);
  }
}

const Column& Inputs::column_of(const Source& source) const {
  return source.is_computed() ? source.computed.column : batch_.columns[source.column];
}

void Inputs::read_values(Input& input, std::size_t start, std::size_t length, Values& out) {
  if (input.form == Form::kPresence) return;
  const Column& column = column_of(sources_[input.source]);
  if (input.form == Form::kColumn) {
    out.column = &column;
    out.start = start;
    return;
  }
  if (input.form == Form::kDoubles) {
    out.doubles = reinterpret_cast<const double*>(input.memory.data());
    if (column.type == TypeId::kFloat64) {
      out.doubles = column.data<double>() + start;
    } else {
      read_doubles(column, start, length, reinterpret_cast<double*>(input.memory.data()));
    }
    return;
  }
  if (input.form == Form::kTexts) {
    out.texts = input.texts.data();
    return each_text(column, start, length,
                     [&](std::size_t i, std::string_view text) { input.texts[i] = text; });
  }
  auto* integers = reinterpret_cast<std::int64_t*>(input.memory.data());
  out.integers = integers;
  if (input.form == Form::kIntegers) return read_integers(column, start, length, integers);
  if (holds_texts(type_at(sources_[input.source]))) {
    return each_text(column, start, length, [&](std::size_t i, std::string_view text) {
      input.memory[i] = hash_bytes(text);
    });
  }
  read_equal_bits(column, start, length, input.memory.data());
  for (std::size_t i = 0; i < length; ++i) input.memory[i] = mix_bits(input.memory[i]);
}

void Inputs::read_keep(Input& input, std::size_t start, std::size_t length, Values& out) {
  const std::uint8_t* wanted = nullptr;
  if (input.condition != Input::kNone) wanted = conditions_[input.condition].keep.data() + start;
  out.keep = wanted;
  if (input.source == Input::kNone) return;
  const Column& column = column_of(sources_[input.source]);
  const bool has_null_names = column.dictionary && column.dictionary->validity != nullptr;
  if (column.validity == nullptr && !has_null_names) return;
  for (std::size_t i = 0; i < length; ++i) {
    bool keeps = !column.is_null(start + i) && (wanted == nullptr || wanted[i] != 0);
    if (keeps && has_null_names) {
      std::int64_t place = 0;
      read_integers(column, start + i, 1, &place);
      keeps = !column.dictionary->is_null(static_cast<std::size_t>(place));
    }
    input.keep[i] = keeps ? 1 : 0;
  }
  out.keep = input.keep.data();
}

std::span<const Values> Inputs::read(std::size_t start, std::size_t length) {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    values_[i] = {};
    read_values(inputs_[i], start, length, values_[i]);
    read_keep(inputs_[i], start, length, values_[i]);
  }
  return values_;
}

}  // namespace kedge
