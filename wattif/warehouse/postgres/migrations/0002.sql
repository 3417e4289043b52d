SET LOCAL search_path = wattif, public;

CREATE TABLE "wattif_archives" (
  "dt" date NOT NULL,
  "place" text,
  "object" text,
  "bytes" bigint,
  "crc32c" bigint,
  "rows" bigint,
  "archived_at" timestamptz,
  PRIMARY KEY ("dt") DEFERRABLE INITIALLY DEFERRED
);
COMMENT ON TABLE "wattif_archives" IS 'the days that are archived, one row each: their readings lie in a file instead';
COMMENT ON COLUMN "wattif_archives"."dt" IS 'the partition (UTC day) of the lake that it came from';
COMMENT ON COLUMN "wattif_archives"."place" IS 'address of the archive';
COMMENT ON COLUMN "wattif_archives"."object" IS 'Parquet file of the day, relative to the archive''s address';
COMMENT ON COLUMN "wattif_archives"."bytes" IS 'its size';
COMMENT ON COLUMN "wattif_archives"."crc32c" IS 'its CRC32C';
COMMENT ON COLUMN "wattif_archives"."rows" IS 'readings in it';
COMMENT ON COLUMN "wattif_archives"."archived_at" IS 'when';
