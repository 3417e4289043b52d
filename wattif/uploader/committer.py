"""A batch's way: sealed -> uploading -> confirmed by the lake -> manifest written -> deleted from staging."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wattif.errors import LakeError, TransferError
from wattif.uploader.store import SealedFile, Store, StoredObject, Unavailable, judged


class BatchCommitter:
    """Brings files into *store* and judges each receipt by the bytes that were sent. Threads may share it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, files: Sequence[SealedFile]) -> list[StoredObject]:
        """Upload *files*; the receipt of each.

        Raises the `LakeError` of a file that did not arrive as it was sent, of one that is refused for good first.
        """
        results = self._store.put_files(files)
        receipts = [judged(self._store, file, result) for file, result in zip(files, results, strict=True)]
        failed = [receipt for receipt in receipts if isinstance(receipt, LakeError)]
        if failed:
            raise next((error for error in failed if not isinstance(error, Unavailable | TransferError)), failed[0])
        return [receipt for receipt in receipts if isinstance(receipt, StoredObject)]

    def commit(
        self,
        files: Sequence[SealedFile],
        manifest_name: str,
        manifest: bytes,
        discard: Callable[[SealedFile, StoredObject], None],
    ) -> None:
        """Upload *files*, have each confirmed, write the manifest, then hand each to *discard* with its receipt.

        Raises `LakeError` when that cannot be done; then nothing is discarded, and whatever the lake already
        holds is found there the next time.
        """
        receipts = self.put(files)
        self._store.put_bytes(manifest_name, manifest)
        for file, receipt in zip(files, receipts, strict=True):
            discard(file, receipt)
