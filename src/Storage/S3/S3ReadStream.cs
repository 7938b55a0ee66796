using Amazon.S3.Model;
using Microsoft.Extensions.Logging;

namespace GrainVault.Storage.S3;

/// <summary>
/// The body of a GET. It ends exactly at its length or throws: a connection that breaks, ends early or stalls never
/// looks like the end.
/// </summary>
internal sealed class S3ReadStream : Stream
{
    private readonly GetObjectResponse _response;
    private readonly IDisposable _place;
    private readonly Stream _body;
    private readonly string _key;
    private readonly long _length;
    private readonly TimeSpan _stallTimeout;
    private readonly ILogger _logger;
    private CancellationTokenSource _stall = new();
    private long _position;

    /// <summary>Takes over the answer of a GET.</summary>
    /// <param name="response">The answer; disposed with the stream.</param>
    /// <param name="place">The place among the reads; given back with the stream.</param>
    /// <param name="key">Key of the object.</param>
    /// <param name="length">Number of bytes that must come.</param>
    /// <param name="stallTimeout">Time without a byte after which a read fails.</param>
    /// <param name="logger">Where failures go.</param>
    public S3ReadStream(GetObjectResponse response, IDisposable place, string key, long length, TimeSpan stallTimeout, ILogger logger)
    {
        (_response, _place, _body, _key, _length) = (response, place, response.ResponseStream, key, length);
        (_stallTimeout, _logger) = (stallTimeout, logger);
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var wanted = (int)Math.Min(buffer.Length, _length - _position);
        if (wanted == 0)
            return 0;
        try
        {
            var stall = StallToken();
            int count;
            await using (cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), _stall).ConfigureAwait(false))
                count = await _body.ReadAsync(buffer[..wanted], stall).ConfigureAwait(false);
            if (count == 0)
                throw new EndOfStreamException("The body ended early.");
            _position += count;
            return count;
        }
        catch (Exception e) when (cancellationToken.IsCancellationRequested && S3Errors.Covers(e))
        {
            throw new OperationCanceledException("The read was cancelled.", e, cancellationToken);
        }
        catch (Exception e) when (S3Errors.Covers(e))
        {
            var cause = _stall.IsCancellationRequested ? $"no byte for {_stallTimeout}" : S3Errors.Describe(e);
            S3ObjectStoreLog.ReadFailed(_logger, _key, _position, _length, cause);
            throw new ObjectStoreException(ObjectStoreError.Unavailable, $"Reading {_key} failed at byte {_position} of {_length}.", e);
        }
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("Network bodies are read asynchronously.");

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stall.Dispose();
            base.Dispose(disposing);
            CloseBody();
        }
    }

    /// <summary>The SDK compares a whole body with an ETag that is its MD5, and says here that it was another.</summary>
    private void CloseBody()
    {
        try
        {
            _response.Dispose();
        }
        catch (Exception e) when (S3Errors.Covers(e))
        {
            S3ObjectStoreLog.ReadFailed(_logger, _key, _position, _length, S3Errors.Describe(e));
            throw new ObjectStoreException(ObjectStoreError.Unavailable, $"Reading {_key} gave other bytes than its ETag says.", e);
        }
        finally
        {
            _place.Dispose();
        }
    }

    /// <summary>One source serves all reads: it is armed anew for each, and only a stall ever fires it.</summary>
    private CancellationToken StallToken()
    {
        if (!_stall.TryReset())
        {
            _stall.Dispose();
            _stall = new CancellationTokenSource();
        }

        _stall.CancelAfter(_stallTimeout);
        return _stall.Token;
    }
}
