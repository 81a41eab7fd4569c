// One value for all rows, read as if it were many.
template <class T>
struct Same {
  T value;
  T operator[](std::size_t) const noexcept { return value; }
};

// Calls `use` with both operands: pointers to values, or one value for all.
template <class A, class B, class Use>
void with_operands(const Step& step, const Run& run, const Use& use) noexcept {
  const A* const a = run.in<A>(step.a);
  const B* const b = run.in<B>(step.b);
  if (step.a_same) {
    use(Same<A>{*a}, b);
  } else if (step.b_same) {
    use(a, Same<B>{*b});
  } else {
    use(a, b);
  }
}

template <class A, class B, class Out, class F>
KEDGE_TARGET void each_pair(A a, B b, std::size_t rows, const F& f, Out* __restrict out) noexcept {
  for (std::size_t i = 0; i < rows; ++i) out[i] = f(a[i], b[i]);
}

template <class A, class Out, class F>
KEDGE_TARGET void each_one(const A* a, std::size_t rows, const F& f, Out* __restrict out) noexcept {
  for (std::size_t i = 0; i < rows; ++i) out[i] = f(a[i]);
}

// out[i] = f(a[i], b[i]).
template <class A, class B, class Out, class F>
void map_pair(const Step& step, Run& run, const F& f) noexcept {
  Out* const out = run.out<Out>(step.out);
  with_operands<A, B>(step, run, [&](auto a, auto b) { each_pair(a, b, run.rows, f, out); });
  run.lanes[step.out].values = out;
}

template <class A, class Out, class F>
void map_one(const Step& step, Run& run, const F& f) noexcept {
  Out* const out = run.out<Out>(step.out);
  each_one(run.in<A>(step.a), run.rows, f, out);
  run.lanes[step.out].values = out;
}
