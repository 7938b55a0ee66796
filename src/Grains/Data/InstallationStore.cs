namespace GrainVault.Data;

/// <summary>The one row about this installation.</summary>
/// <param name="Id">Identity of the installation; the store's marker object carries the same.</param>
/// <param name="CursorKey">Key under which list cursors are signed, 32 bytes.</param>
/// <param name="SweepToken">What the marker object must say besides.</param>
/// <param name="SweepTokenNext">What it may say already, while the two are being changed; null otherwise.</param>
/// <param name="SweepStopped">Why nothing is swept; null while sweeping is on.</param>
/// <param name="MarkerWritten">The store has been given its marker object.</param>
public sealed record Installation(Guid Id, byte[] CursorKey, Guid SweepToken, Guid? SweepTokenNext, string? SweepStopped, bool MarkerWritten);

/// <summary>Reads the installation's row, and keeps what never changes.</summary>
public sealed class InstallationStore(CatalogueDatabase database)
{
    private byte[]? _cursorKey;

    /// <summary>The row as it is now.</summary>
    public Task<Installation> GetAsync(CancellationToken cancellationToken = default) =>
        database.ReadAsync(
            "SELECT id, cursor_key, sweep_token, sweep_token_next, sweep_stopped, marker_written FROM installation",
            _ => { },
            async reader =>
            {
                Invariant.That(await reader.ReadAsync(), "the first migration makes the installation's row");
                return new Installation(
                    reader.GetGuid(0), reader.BytesOrNull(1)!, reader.GetGuid(2), reader.UuidOrNull(3), reader.TextOrNull(4),
                    reader.GetBoolean(5));
            },
            cancellationToken);

    /// <summary>The key of cursors, from memory after the first time.</summary>
    internal async ValueTask<byte[]> GetCursorKeyAsync(CancellationToken cancellationToken) =>
        _cursorKey ??= (await GetAsync(cancellationToken)).CursorKey;

    /// <summary>
    /// Announces the token that the marker is about to carry. One that was announced before and not adopted stays: a marker
    /// with it may be in the store already, or arrive there after its writer has died.
    /// </summary>
    /// <returns>The token that is announced now.</returns>
    internal Task<Guid> AnnounceTokenAsync(Guid next) =>
        database.ReadAsync(
            "UPDATE installation SET sweep_token_next = coalesce(sweep_token_next, $1) RETURNING sweep_token_next",
            parameters => parameters.Uuid(next),
            async reader =>
            {
                Invariant.That(await reader.ReadAsync(), "the first migration makes the installation's row");
                return reader.GetGuid(0);
            });

    /// <summary>Makes the announced token the current one, now that the marker carries it.</summary>
    /// <param name="token">The token.</param>
    /// <param name="isConfirmed">Sweeping is to go on whatever stopped it.</param>
    internal Task AdoptTokenAsync(Guid token, bool isConfirmed) =>
        database.ExecuteAsync(
            """
            UPDATE installation SET sweep_token = $1, sweep_token_next = nullif(sweep_token_next, $1), marker_written = true,
                sweep_stopped = CASE WHEN $2 THEN NULL ELSE sweep_stopped END
            WHERE sweep_token_next = $1 OR sweep_token = $1
            """,
            parameters => parameters.Uuid(token).Boolean(isConfirmed));

    /// <summary>Stops sweeping until fsck has confirmed.</summary>
    internal Task StopSweepingAsync(string reason) =>
        database.ExecuteAsync("UPDATE installation SET sweep_stopped = coalesce(sweep_stopped, $1)", parameters => parameters.Text(reason));
}
