# bash and dash: redirections, pipelines, here documents, descriptors.
for shell in bash dash; do
  $shell -c '
    cd "$D" || exit 1
    pwd
    echo one > a; echo two >> a; cat a
    cat < a > b; cat b
    { echo grouped; echo lines; } > c; cat c
    ( cd / && echo from a subshell ) > d; cat d
    cat <<END > e
here is $((1 + 1))
END
    cat e
    exec 3> f; echo through three >&3; exec 3>&-; cat f
    exec 4< a; read first <&4; read second <&4; echo "$second $first"; exec 4<&-
    for number in 1 2 3; do echo $number; done | sort -r > g; cat g
    while read line; do echo "got $line"; done < g
    ls /nowhere 2> h; wc -l < h
    echo both > i 2>&1; printf "%s-" x y z >> i; cat i; echo
    test -f a && test -d . && test ! -e none && echo tests
    [ a -nt none ] && echo newer
    umask 077; echo private > j; stat -c %a j
    trap "echo trapped > k" EXIT
    : > l; test -s l || echo empty
    cat a b | tee m n | wc -l; cmp m n && echo equal
    set -C; echo no > a 2>/dev/null || echo kept; set +C
    command -v echo > /dev/null; echo *
  '
  cat "$D/k"
  rm -r "$D"/*
done
bash -c '
  cd "$D"
  echo {a..c} > x
  diff <(echo 1) <(echo 1) && echo same
  cat <<< string > y
  mapfile -t all < x
  echo "${all[0]}" $(< y)
  coproc cat
  exec {out}> z
  echo named >&$out
  exec {out}>&-
  cat z
  echo > "$D/glob-1"
  echo > "$D/glob-2"
  echo glob-*
'
