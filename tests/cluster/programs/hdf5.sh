# hdf5-tools: import, dump, diff, repack, copy, stat.
cd "$D" || exit 1
seq 1 100 > numbers
printf 'PATH /numbers\nINPUT-CLASS TEXTIN\nINPUT-SIZE 32\nRANK 2\nDIMENSION-SIZES 10 10\n' > shape
printf 'OUTPUT-CLASS IN\nOUTPUT-SIZE 32\n' >> shape
h5import numbers -c shape -outfile one.h5
h5dump one.h5 | sed "s|$D||"
h5repack -f GZIP=5 one.h5 two.h5
h5diff one.h5 two.h5 && echo same
h5copy -i one.h5 -o three.h5 -s numbers -d copied && h5ls three.h5
sed -i 's/^50$/51/' numbers
h5import numbers -c shape -outfile four.h5
h5diff -r one.h5 four.h5 | tail -3
h5stat two.h5 | grep -E 'unique|raw data' | head -5
