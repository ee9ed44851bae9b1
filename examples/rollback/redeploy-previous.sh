#!/bin/sh
# A rollback hook: deploys the release of an earlier commit again.
#
#   redeploy-previous.sh COMMIT            takes that commit's files, synthesizes them, deploys them
#   redeploy-previous.sh COMMIT --drill    does all that can be done without changing anything, and stops there
#
# Cutover never runs a hook. It binds the hook's digest into what people approve; the deployment system runs it.
set -eu

commit=${1:?usage: redeploy-previous.sh COMMIT [--drill]}
mode=${2:-}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

git archive --format=tar "$commit" -o "$scratch/release.tar"
mkdir "$scratch/release"
tar -xf "$scratch/release.tar" -C "$scratch/release"
for needed in pyproject.toml uv.lock infra/app.py statemachine/cutover.asl.json; do
  [ -f "$scratch/release/$needed" ] || { echo "commit $commit has no $needed" >&2; exit 1; }
done

if [ "$mode" = --drill ]; then
  echo "drilled: $commit is complete and could be deployed"
  exit 0
fi

cd "$scratch/release"
make synth
cdk deploy --app cdk.out --require-approval never
