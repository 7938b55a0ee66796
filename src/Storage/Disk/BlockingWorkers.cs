using System.Threading.Channels;

namespace GrainVault.Storage.Disk;

/// <summary>
/// A few threads of their own for calls that block (write, fsync), so that a slow disk never starves the thread pool
/// that serves everyone else.
/// </summary>
/// <remarks>A task returned here ends only when its work has really ended, cancelled or not: the caller's buffer is free then.</remarks>
internal sealed class BlockingWorkers : IDisposable
{
    private readonly Channel<Work> _queue;

    /// <summary>Starts the threads.</summary>
    /// <param name="threadCount">Number of threads, that is of calls that run at once.</param>
    /// <param name="queueLengthMax">Calls that may wait; one more is refused as <see cref="ObjectStoreError.Unavailable"/>.</param>
    public BlockingWorkers(int threadCount, int queueLengthMax)
    {
        _queue = Channel.CreateBounded<Work>(new BoundedChannelOptions(queueLengthMax) { AllowSynchronousContinuations = false });
        for (var i = 0; i < threadCount; i++)
            new Thread(RunWork) { IsBackground = true, Name = $"disk-store-{i}" }.Start();
    }

    /// <summary>Runs <paramref name="call"/> on one of the threads.</summary>
    public Task<T> RunAsync<T>(Func<T> call, CancellationToken cancellationToken)
    {
        var work = new Work<T>(call, cancellationToken);
        if (!_queue.Writer.TryWrite(work))
            throw new ObjectStoreException(ObjectStoreError.Unavailable, "The disk store has too many calls waiting.");
        return work.Task;
    }

    /// <summary>Lets what is queued finish and takes nothing more.</summary>
    public void Dispose() => _queue.Writer.TryComplete();

    private void RunWork()
    {
        var reader = _queue.Reader;
#pragma warning disable VSTHRD002 // This thread exists to block; nothing that it waits for needs it.
        while (reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
#pragma warning restore VSTHRD002
        {
            while (reader.TryRead(out var work))
                work.Run();
        }
    }

    private abstract class Work
    {
        public abstract void Run();
    }

    private sealed class Work<T>(Func<T> call, CancellationToken cancellationToken) : Work
    {
        private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T> Task => _completion.Task;

        public override void Run()
        {
            if (cancellationToken.IsCancellationRequested)
            {
                _completion.SetCanceled(cancellationToken);
                return;
            }

            try
            {
                _completion.SetResult(call());
            }
            catch (OperationCanceledException e)
            {
                _completion.SetCanceled(e.CancellationToken);
            }
            catch (Exception e)
            {
                _completion.SetException(e);
            }
        }
    }
}
