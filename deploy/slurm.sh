#!/usr/bin/env bash
#SBATCH --job-name=wattif
#SBATCH --array=1-64
#SBATCH --cpus-per-task=2
#SBATCH --mem=1G
#SBATCH --time=24:00:00
#SBATCH --requeue
# sbatch deploy/slurm.sh /shared/lake
set -euo pipefail
staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT
wattif generate --start 2024-01-01 --end 2024-12-31 --meters 1000000 --format parquet --lake "$1" --shard auto --write-workers 2 --staging-dir "$staging" -q
