using Microsoft.Extensions.Hosting;
using Orleans.Runtime;
using Orleans.Serialization;

namespace Orleans.Messaging;

/// <summary>Connects the client with the start of its host, which waits for it, and disconnects it with its stop.</summary>
internal sealed class ClientHost(SiloRuntime runtime, ClientConnections connections, IEnumerable<IClientConnectionRetryFilter> filters) : IHostedService
{
    private readonly IClientConnectionRetryFilter _filter = filters.LastOrDefault() ?? new LinearRetryFilter();

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        TypeValidator.ThrowIfFaulty(runtime.Types);
        while (true)
        {
            try
            {
                await connections.ConnectAsync(cancellationToken);
                return;
            }
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
            {
                connections.Log.ConnectFailed(failure);
                if (!await _filter.ShouldRetryConnectionAttempt(failure, cancellationToken))
                    throw;
            }
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        runtime.Close();
        await connections.CloseAsync();
    }

    /// <summary>Tries a few times, as the official runtime does without a filter.</summary>
    private sealed class LinearRetryFilter : IClientConnectionRetryFilter
    {
        private const int RetryCountMax = 10;
        private static readonly TimeSpan DelayStep = TimeSpan.FromSeconds(1.5);

        private int _retryCount;

        public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
        {
            if (exception is not SiloUnavailableException || ++_retryCount >= RetryCountMax)
                return false;
            await Task.Delay(DelayStep * _retryCount, cancellationToken);
            return true;
        }
    }
}
