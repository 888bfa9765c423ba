# From the mount to other file systems and back.
O=$(mktemp -d)
cd "$D" || exit 1
seq 1000 > in; cp in "$O/out"; cmp in "$O/out" && echo out; mv "$O/out" back
cmp in back && echo back
mv in "$O/"; ls "$O"; test -e in || echo moved;
ln -s "$O/in" away; wc -l < away; cat away | tail -1
mkdir d; echo x > d/x; cp -a d "$O/d"; mv "$O/d" e; cat e/x; mv e "$O/e"; cat "$O/e/x"
cd "$O"; pwd | cut -c1-2; cat "$D/back" | wc -l; cd "$D"; cd - > /dev/null; ls e
cd /; ls "${D#/}" | head -3; cat "${D#/}/back" | head -1; cat "/tmp/..$D/back" | head -1
cat "/./$D//back" | head -1
tar cf - -C "$D" d | tar xf - -C "$O"; cat "$O/d/x"
cd "$D/d/.."; pwd | sed "s|$D|D|"; cd ../..; pwd | grep -c "^/[a-z]*"
rm -rf "$O"
