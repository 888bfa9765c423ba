# From the mount to other file systems and back.
O=$(mktemp -d)
cd "$D" || exit 1
seq 1000 > in; cp in "$O/out"; cmp in "$O/out" && echo out; mv "$O/out" back
cmp in back && echo back
mv in "$O/"; ls "$O"; test -e in || echo moved;
ln -s "$O/in" away; wc -l < away; cat away | tail -1
ln -s "$O" gone; mkdir gone/in2; echo y > gone/in2/y; cat gone/in2/y; ls gone/in2; rm gone/in2/y
rmdir gone/in2; ls -d gone/in2 2> /dev/null || echo no more; echo z > z; mv z gone/; cat gone/z
stat -c %F gone/. gone; touch gone/w; truncate -s 5 gone/w; stat -c %s gone/w; ln -s w gone/l
readlink gone/l; python3 -c 'import os; os.chmod("gone/w", 0o600)'; stat -c %a gone/w; cp gone/w w2
cat w2 | wc -c; rm -r gone/l gone/w gone/z gone w2; ls "$O"
mkdir d; echo x > d/x; cp -a d "$O/d"; mv "$O/d" e; cat e/x; mv e "$O/e"; cat "$O/e/x"
cd "$O"; pwd | cut -c1-2; cat "$D/back" | wc -l; cd "$D"; cd - > /dev/null; ls e
cd /; ls "${D#/}" | head -3; cat "${D#/}/back" | head -1; cat "/tmp/..$D/back" | head -1
cat "/./$D//back" | head -1
tar cf - -C "$D" d | tar xf - -C "$O"; cat "$O/d/x"
cd "$D/d/.."; pwd | sed "s|$D|D|"; cd ../..; pwd | grep -c "^/[a-z]*"
rm -rf "$O"
