using System.Collections.Concurrent;
using System.Globalization;

namespace GrainVault.Cluster.Tests.Load;

/// <summary>
/// Parallel clients that upload, download, list and delete until they are stopped. The seed makes their choices;
/// <c>GRAINVAULT_SEED</c> repeats them.
/// </summary>
internal sealed class LoadGenerator : IAsyncDisposable
{
    public const int ClientCount = 32;
    private const int UserCount = 8;

    private readonly List<LoadClient> _clients = [];
    private readonly ConcurrentQueue<string> _failures = new();
    private readonly Pace _pace = new();
    private CancellationTokenSource? _stop;
    private Task _running = Task.CompletedTask;

    private LoadGenerator(int seed) => Seed = seed;

    public int Seed { get; }

    public Traffic Traffic { get; } = new();

    public IReadOnlyList<LoadClient> Clients => _clients;

    public bool IsRunning => _stop is not null;

    /// <summary>What a client saw that it must never see; null while there is none.</summary>
    public string? Failure => _failures.IsEmpty ? null : $"seed {Seed}: {_failures.Count} clients failed:\n{string.Join('\n', _failures)}";

    /// <param name="frontEnds">Addresses of all front ends; every client knows all of them.</param>
    public static async Task<LoadGenerator> CreateAsync(IReadOnlyList<Uri> frontEnds)
    {
        var load = new LoadGenerator(
            Environment.GetEnvironmentVariable("GRAINVAULT_SEED") is { Length: > 0 } seed
                ? int.Parse(seed, CultureInfo.InvariantCulture)
                : Random.Shared.Next());
        using var anyone = new VaultClient(frontEnds, 0, load.Traffic);
        var users = new List<LoadUser>();
        for (var number = 0; number < UserCount; number++)
            users.Add(await LoadUser.SignUpAsync(anyone));
        for (var number = 0; number < ClientCount; number++)
            load._clients.Add(new LoadClient(load.Seed, number, frontEnds, users[number % UserCount], load.Traffic));
        return load;
    }

    public void Start(RetryRule rule)
    {
        Assert.False(IsRunning);
        _stop = new CancellationTokenSource();
        var stop = _stop.Token;
        _running = Task.WhenAll(_clients.Select(client => Task.Run(async () =>
        {
            client.Http.Rule = rule;
            client.Http.GoHome();
            try
            {
                await client.RunAsync(_pace, stop);
            }
            catch (Exception exception)
            {
                _failures.Enqueue(exception is UnexpectedAnswerException ? exception.Message : exception.ToString());
            }
        })));
    }

    /// <summary>Returns when so many more parts, files and deletes have been acknowledged.</summary>
    public Task ReachAsync(int more, TimeSpan limit) => Traffic.ReachAsync(more, limit, () => Failure);

    /// <summary>
    /// Does something while the clients, all of them still at work, leave the machine room: how long a process takes to start
    /// beside a load that uses up the machine says nothing of the system.
    /// </summary>
    public async Task EasedAsync(Func<Task> start)
    {
        using (_pace.Ease())
            await start();
    }

    /// <summary>Lets every client end what it is at; fails when one saw what it must not.</summary>
    public async Task StopAsync()
    {
        await EndAsync();
        Assert.True(Failure is null, Failure);
    }

    /// <summary>Stops whatever came of it. A client that failed once stays failed.</summary>
    public async Task EndAsync()
    {
        if (_stop is null)
            return;
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
        _stop = null;
        foreach (var client in _clients)
            client.Http.Rule = RetryRule.Patient;
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _clients.ForEach(client => client.Dispose());
    }
}
