using GrainVault.Data;
using GrainVault.Grains.Tests.Support;
using GrainVault.TestKit.Plans;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace GrainVault.Grains.Tests.Plans;

/// <summary>A silo on a catalogue with many rows, of which every statement is explained.</summary>
public sealed class PlansHost : GrainsHost
{
    /// <summary>Versions that are kept of a file.</summary>
    public const int VersionCountMax = 3;

    private bool _isGeneric;

    public PlansHost()
    {
        // What is old is made so by a test, and nothing else is due.
        Settings["GrainVault:Janitor:GarbageDelay"] = "1.00:00:00";
        Settings["GrainVault:Webhooks:Period"] = "00:10:00";
        Settings["GrainVault:Limits:VersionCountMax"] = $"{VersionCountMax}";
        Settings["GrainVault:Audit:Age"] = "300.00:00:00";
    }

    public PlanRecorder Recorder { get; } = new();

    /// <summary>Two users who work with many entries, each by one of the two ways of planning.</summary>
    public TestUser[] Users { get; private set; } = [];

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        Users = [await SignUpAsync(), await SignUpAsync()];
        var folders = new List<string>();
        foreach (var user in Users)
            folders.Add(await user.FolderAsync("many"));
        await PlansData.FillAsync(this, Users, folders);
        Recorder.Clear();
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        Recorder.Clear();
    }

    /// <summary>Goes on with statements that are planned for any values, or for those that they have.</summary>
    public async Task PlanAsync(bool isGeneric)
    {
        if (_isGeneric != isGeneric)
        {
            _isGeneric = isGeneric;
            await RestartAsync();
        }

        Recorder.Clear();
    }

    /// <summary>A connection of its own whose statements are explained, too.</summary>
    public NpgsqlDataSource Open(string schema, bool isGeneric) => Recorder.Open(ConnectionString(schema), isGeneric);

    protected override void Configure(IServiceCollection services)
    {
        foreach (var schema in (string[])[IdentityDatabase.Key, CatalogueDatabase.Key])
            services.AddKeyedSingleton(schema, (_, _) => Recorder.Open(ConnectionString(schema), _isGeneric));
    }
}
